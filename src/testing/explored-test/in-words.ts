/** What programs throw, print and return, as text. */
import type { ToldError } from "./asked.ts";

interface Util {
  format(...values: readonly unknown[]): string;
  inspect(value: unknown, options: object): string;
}

export function errorInWords(error: unknown): ToldError {
  // Under Jest, an error of Node's is none of the `Error` that the tests see.
  const { name, message, stack } = (error ?? {}) as Partial<Error>;
  if (typeof name !== "string" || typeof message !== "string") {
    return { name: typeof error, message: printed([error]) };
  }
  return { name, message, ...(typeof stack === "string" && { stack }) };
}

/** As the console would. */
export function printed(values: readonly unknown[]): string {
  return util()?.format(...values) ?? values.map(String).join(" ");
}

/** How much of a value is looked at: it is done once a schedule. */
const LIMITS = { depth: 4, maxArrayLength: 100, maxStringLength: 1000, breakLength: Infinity };

/** A value as far as that, on one line. */
export function valueInWords(value: unknown): string {
  try {
    return util()?.inspect(value, LIMITS) ?? String(value);
  } catch {
    return "a value that cannot be shown";
  }
}

function util(): Util | undefined {
  const { process } = globalThis as { process?: { getBuiltinModule?(name: string): unknown } };
  return process?.getBuiltinModule?.("node:util") as Util | undefined;
}
