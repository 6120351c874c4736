/**
 * Where the platform tells when nothing is left that could call into the program (Node, Bun, Deno's Node
 * layer: `beforeExit`), a program that would end in silence with tasks still waiting can say so instead.
 */
interface Process {
  on(event: "beforeExit", listener: () => void): void;
  off(event: "beforeExit", listener: () => void): void;
}

/** Calls back when the platform has nothing left to do. Returns a function that stops listening. */
export function onExhausted(callback: () => void): () => void {
  const { process } = globalThis as { process?: Partial<Process> };
  if (typeof process?.on !== "function" || typeof process.off !== "function") return () => {};
  const listening = process as Process;
  listening.on("beforeExit", callback);
  return () => listening.off("beforeExit", callback);
}
