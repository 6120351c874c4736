/** The native stack, function by function, where the engine shows it (V8). The language knows nothing of it. */
import { limitStacks } from "./stack.ts";

export interface CallSite {
  getFunctionName(): string | null;
  getFileName(): string | null;
  getLineNumber(): number | null;
  /** Where the function begins: of V8 alone. */
  getEnclosingLineNumber?(): number | null;
  getEnclosingColumnNumber?(): number | null;
}

const StackError = Error as unknown as {
  captureStackTrace?(target: object): void;
  prepareStackTrace?: ((error: unknown, sites: CallSite[]) => unknown) | undefined;
};

/** From the inside out: first this function, then whoever calls it. Empty where nothing is shown. */
export function callSites(): readonly CallSite[] {
  if (StackError.captureStackTrace === undefined) return [];
  const { prepareStackTrace } = StackError;
  const restore = limitStacks(Infinity);
  // With Reflect, since it may be frozen: then nothing is seen, as elsewhere.
  Reflect.set(StackError, "prepareStackTrace", (_: unknown, captured: CallSite[]) => captured);
  try {
    const holder: { stack?: unknown } = {};
    StackError.captureStackTrace(holder);
    return Array.isArray(holder.stack) ? (holder.stack as CallSite[]) : [];
  } finally {
    Reflect.set(StackError, "prepareStackTrace", prepareStackTrace);
    restore();
  }
}

/** Whether it is the built-in method of generators of that name. */
export function isBuiltIn(site: CallSite | undefined, name: "next" | "return"): boolean {
  return site !== undefined && site.getFunctionName() === name && site.getFileName() === null;
}
