/**
 * Where the platform tells when nothing is left that could call into the program (Node, Bun, Deno's Node
 * layer: `beforeExit`), a program that would end in silence with tasks still waiting can say so instead. Outside
 * Node nothing is told while a top-level `await` is pending: there Deno ends with an error of its own, and Bun waits on.
 */
interface Process {
  on(event: "beforeExit", listener: () => void): void;
  off(event: "beforeExit", listener: () => void): void;
}

const listeners = new Set<() => boolean>();

/**
 * Calls back when the platform has nothing left to do; the callback answers whether that has set something going. Returns a
 * function that stops listening.
 */
export function onExhausted(callback: () => boolean): () => void {
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
  let going = false;
  for (const listener of listeners) if (listener()) going = true;
  // Promises alone do not keep the platform from ending: without this it asks once or twice, and then no more.
  if (going) (globalThis as { setImmediate?: (callback: () => void) => void }).setImmediate?.(() => {});
}
