/** The platform's own time, whatever fake timers a test has put in its place since. */
const { setTimeout, clearTimeout } = globalThis;

export const realTimeout: (callback: () => void, ms: number) => unknown = (callback, ms) =>
  setTimeout(callback, ms);
export const clearRealTimeout = (timer: unknown): void => clearTimeout(timer as number | undefined);
export const realNow: () => number = performance.now.bind(performance);
