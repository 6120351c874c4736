/**
 * Where the platform tells when nothing is left that could call into the program (Node, Bun, Deno's Node
 * layer: `beforeExit`), a program that would end in silence with tasks still waiting can say so instead. Outside
 * Node nothing is told while a top-level `await` is pending: there Deno ends with an error of its own, and Bun waits on.
 */
interface Process {
  on(event: "beforeExit", listener: () => void): void;
  off(event: "beforeExit", listener: () => void): void;
}

const listeners = new Set<() => void>();

/** Calls back when the platform has nothing left to do. Returns a function that stops listening. */
export function onExhausted(callback: () => void): () => void {
  const { process } = globalThis as { process?: Partial<Process> };
  if (typeof process?.on !== "function" || typeof process.off !== "function") return () => {};
  const { on, off } = process as Process;
  if (listeners.size === 0) on.call(process, "beforeExit", tellAll);
  listeners.add(callback);
  return () => {
    if (listeners.delete(callback) && listeners.size === 0) off.call(process, "beforeExit", tellAll);
  };
}

function tellAll(): void {
  for (const listener of listeners) listener();
}
