/**
 * Loaded before a program: its clock jumps to the next timer as soon as nothing else is to be done. So the order
 * of things decides what it sees, and not how busy the machine is. Cede and the systems beside it find here what
 * they find on Node: timers, clocks, `setImmediate`, `AbortSignal.timeout`.
 */
import { syncBuiltinESMExports } from "node:module";
import timers from "node:timers";
import timersPromises from "node:timers/promises";

/** What each look at a clock takes, in milliseconds: who holds the host and looks at the time sees it pass. */
const LOOK = 0.001;

const realImmediate = globalThis.setImmediate;
const realClearImmediate = globalThis.clearImmediate;
const startOfDay = Date.now();

let now = 0;
let orders = 0;
let pumping = false;
/** What `setImmediate` has been asked for. */
const immediates = new Set();
/** @type {Timer[]} those that are set, the next one first */
const queue = [];

/** As Node's, as far as anybody here asks. */
class Timer {
  referenced = true;
  constructor(ms, call, every = null) {
    this.call = call;
    this.every = every;
    this.set(ms);
  }
  set(ms) {
    this.at = now + (ms >= 1 && ms < 2 ** 31 ? Math.trunc(ms) : 1); // as on Node
    this.order = ++orders;
    queue.push(this);
    queue.sort((a, b) => a.at - b.at || a.order - b.order);
    pump();
  }
  clear() {
    const at = queue.indexOf(this);
    if (at >= 0) queue.splice(at, 1);
    this.every = null;
  }
  fire() {
    if (!queue.includes(this)) return; // cleared by one that was due with it
    queue.splice(queue.indexOf(this), 1);
    if (this.every !== null) this.set(this.every);
    this.call();
  }
  ref() {
    this.referenced = true;
    pump();
    return this;
  }
  unref() {
    this.referenced = false;
    return this;
  }
  hasRef() {
    return this.referenced;
  }
  [Symbol.toPrimitive]() {
    return this.order;
  }
}

/** Looks again after everything else that is to be done now, while there is a timer that keeps the process. */
function pump() {
  if (pumping || !queue.some((timer) => timer.referenced)) return;
  pumping = true;
  realImmediate(() => {
    pumping = false;
    if (immediates.size === 0 && queue.length > 0) now = Math.max(now, queue[0].at);
    // Each in a step of its own, so that promises have theirs between.
    for (const timer of queue.filter(({ at }) => at <= now)) realImmediate(() => timer.fire());
    pump();
  });
}

const clear = (timer) => {
  if (timer instanceof Timer) timer.clear();
  else queue.find(({ order }) => order === Number(timer))?.clear();
};
const fakes = {
  setTimeout: (callback, ms, ...args) => new Timer(ms, () => callback(...args)),
  setInterval: (callback, ms, ...args) => new Timer(ms, () => callback(...args), ms),
  clearTimeout: clear,
  clearInterval: clear,
  setImmediate: (callback, ...args) => {
    const immediate = realImmediate(() => {
      immediates.delete(immediate);
      callback(...args);
    });
    immediates.add(immediate);
    return immediate;
  },
  clearImmediate: (immediate) => {
    immediates.delete(immediate);
    realClearImmediate(immediate);
  },
};
Object.assign(globalThis, fakes);
Object.assign(timers, fakes);

timersPromises.setTimeout = async (ms, value, { signal } = {}) => {
  const abortError = () =>
    new DOMException("The operation was aborted", { name: "AbortError", cause: signal.reason });
  if (signal?.aborted) throw abortError();
  return new Promise((resolve, reject) => {
    const onAbort = () => {
      timer.clear();
      reject(abortError());
    };
    const timer = new Timer(ms, () => {
      signal?.removeEventListener("abort", onAbort);
      resolve(value);
    });
    signal?.addEventListener("abort", onAbort, { once: true });
  });
};
syncBuiltinESMExports();

AbortSignal.timeout = (ms) => {
  const controller = new AbortController();
  const late = () =>
    controller.abort(new DOMException("The operation was aborted due to timeout", "TimeoutError"));
  new Timer(ms, late).unref();
  return controller.signal;
};

performance.now = () => (now += LOOK);
Date.now = () => startOfDay + Math.trunc((now += LOOK));
