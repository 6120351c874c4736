/**
 * The host that Node, Deno, Bun, browsers and workers share: `performance`, promises, timers, and the best
 * macrotask there is.
 */
import type { Host } from "../kernel/host.ts";

/** The longest delay that `setTimeout` keeps, in milliseconds: past it, it fires at once. */
const LONGEST_TIMER = 2 ** 31 - 1;

export function standardHost(): Host {
  const later = macrotask();
  let timer: ReturnType<typeof setTimeout> | undefined;
  return {
    now: () => performance.now(),
    soon: (callback) => void Promise.resolve().then(callback),
    later,
    wakeAt(at, callback) {
      clearTimeout(timer);
      if (at === Infinity) return;
      // Timers are whole milliseconds, cut down: without rounding up, they would come early.
      const delay = Math.ceil(at - performance.now());
      timer = setTimeout(callback, Math.min(Math.max(delay, 0), LONGEST_TIMER));
    },
  };
}

/**
 * `setImmediate` where there is one: it lets timers, sockets and files have their turn. A message channel
 * would starve them on Node, and is right in browsers, where timers are held to 4 ms.
 */
function macrotask(): (callback: () => void) => void {
  const { setImmediate } = globalThis as { setImmediate?: (callback: () => void) => void };
  if (setImmediate !== undefined) return (callback) => setImmediate(callback);
  const channel = new MessageChannel();
  const waiting: (() => void)[] = [];
  channel.port1.onmessage = () => waiting.shift()?.();
  return (callback) => {
    waiting.push(callback);
    channel.port2.postMessage(null);
  };
}
