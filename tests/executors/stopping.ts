/** Jobs that are told to stop at a moment which the test chooses: they share memory with it. */
import { abortSignal, coroutine, sleep, sleepForever, type Awaitable } from "cede";
import { currentJob } from "cede/executors";

/** Takes turns with the test: before each step it says which turn it is, and waits until the test has allowed that turn. */
export const turns = coroutine(function* turns(turn: Int32Array, allowed: Int32Array): Awaitable<void> {
  for (;;) {
    const now = Atomics.add(turn, 0, 1) + 1;
    for (let may = 0; may < now; may = Atomics.load(allowed, 0)) Atomics.wait(allowed, 0, may);
    if (Atomics.load(allowed, 0) >= LAST) return;
    yield;
  }
});
export const LAST = 1_000_000;

export const runsFor = coroutine(function* runsFor(ran: Int32Array): Awaitable<never> {
  Atomics.add(ran, 0, 1);
  return yield* sleepForever();
});
export const runsOnce = (ran: Int32Array): number => Atomics.add(ran, 0, 1);

export const nap = coroutine(function* nap(ms: number): Awaitable<number> {
  currentJob()?.progress("begun");
  yield* sleep(ms);
  return ms;
});
export const forever = coroutine(function* forever(): Awaitable<never> {
  currentJob()?.progress(currentJob()?.worker);
  return yield* sleepForever();
});
/** Ends when the test allows it, and its thread when the test allows that, too. */
export const exitLater = coroutine(function* exitLater(allowed: Int32Array): Awaitable<void> {
  while (Atomics.load(allowed, 0) < 1) yield* sleep(1);
  setInterval(() => {
    if (Atomics.load(allowed, 0) === 2) process.exit(7);
  }, 1);
});
/** Its cleanup ends when the test allows it. */
export const cleansUp = coroutine(function* cleansUp(
  begun: Int32Array,
  allowed: Int32Array,
): Awaitable<never> {
  try {
    currentJob()?.progress("begun");
    return yield* sleepForever();
  } finally {
    begun[0] = 1;
    while (Atomics.load(allowed, 0) === 0) yield* sleep(1);
  }
});
export const block = (): never => {
  currentJob()?.progress("begun");
  for (;;) {
    // as a loop that somebody forgot to end
  }
};
export const gives = (begun: Int32Array, allowed: Int32Array): Awaitable<never> => cleansUp(begun, allowed);
/** The same as `cleansUp`, of an async function that listens to its signal. */
export const listens = async (begun: Int32Array, allowed: Int32Array): Promise<void> => {
  const signal = abortSignal();
  currentJob()?.progress("begun");
  await new Promise((resolve) => signal.addEventListener("abort", resolve));
  begun[0] = 1;
  while (Atomics.load(allowed, 0) === 0) await new Promise((resolve) => setTimeout(resolve, 1));
};
/** An async function that hears of nothing. */
export const deaf = async (): Promise<never> => {
  currentJob()?.progress("begun");
  return new Promise<never>(() => {});
};
