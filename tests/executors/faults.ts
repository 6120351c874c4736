/** Jobs that do to their thread whatever can be done to it. */
import { threadId } from "node:worker_threads";
import { coroutine, sleep, sleepForever, supervise, type Awaitable, type Sender } from "cede";
import { currentJob, transfer } from "cede/executors";

const begun = (): void => currentJob()?.progress("begun");

export const add = (a: number, b: number): number => a + b;
export const where = (): { thread: number; attempt: number } => ({
  thread: threadId,
  attempt: currentJob()!.attempt,
});
export const nap = coroutine(function* nap(ms: number): Awaitable<number> {
  begun();
  yield* sleep(ms);
  return ms;
});
export const forever = coroutine(function* forever(): Awaitable<never> {
  begun();
  return yield* sleepForever();
});
/** A task of it fails where nobody awaits that. */
export const failsBehind = coroutine(function* failsBehind(message: string): Awaitable<void> {
  yield* supervise(function* (group) {
    group.createTask(function* behind() {
      throw new RangeError(message, { cause: new Error("the disk is full") });
    });
  });
});
export const fail = (message: string): never => {
  throw new RangeError(message);
};

export const block = (): never => {
  begun();
  for (;;) {
    // as a loop that somebody forgot to end
  }
};
export const blockFor = (ms: number): number => {
  begun();
  const end = performance.now() + ms;
  while (performance.now() < end) {
    // computes
  }
  return ms;
};
export const blockInCoroutine = coroutine(function* blockInCoroutine(
  blocks: Int32Array = new Int32Array(1),
): Awaitable<never> {
  begun();
  yield* sleep(20); // what was told is on its way
  Atomics.store(blocks, 0, 1);
  for (;;) {
    // as above
  }
});
/** An async function that waits, and so keeps its thread from nothing. */
export const waitAsync = async (): Promise<never> => {
  begun();
  return new Promise<never>(() => {});
};
export const blockInCleanup = coroutine(function* blockInCleanup(): Awaitable<never> {
  try {
    begun();
    return yield* sleepForever();
  } finally {
    for (;;) {
      // as above
    }
  }
});
export const slowCleanup = coroutine(function* slowCleanup(ms: number): Awaitable<never> {
  try {
    begun();
    return yield* sleepForever();
  } finally {
    yield* sleep(ms);
    throw new RangeError("cleaned up to the end");
  }
});
/** Sends until its thread ends. */
export const produce = coroutine(function* produce(sender: Sender<number>): Awaitable<never> {
  for (let n = 1; ; n++) yield* sender.send(n);
});
export const exhaust = (): number => {
  const kept: unknown[] = [];
  for (;;) kept.push(Array.from({ length: 1000 }, (_, n) => ({ n })));
};
export const exit = (code: number): never => process.exit(code);
export const exitInCleanup = coroutine(function* exitInCleanup(): Awaitable<never> {
  try {
    begun();
    return yield* sleepForever();
  } finally {
    yield* sleep(1);
    process.exit(4);
  }
});
export const throwLater = coroutine(function* throwLater(): Awaitable<never> {
  setTimeout(() => {
    throw new RangeError("nobody catches this");
  }, 1);
  return yield* sleepForever();
});
export const rejectLater = coroutine(function* rejectLater(): Awaitable<never> {
  setTimeout(() => void Promise.reject(new RangeError("nobody handles this")), 1);
  return yield* sleepForever();
});
/** Ends the thread when the job has long had its result. */
export const exitWhenIdle = (): number => {
  setTimeout(() => process.exit(1), 5);
  return threadId;
};
export const throwWhenIdle = (): number => {
  setTimeout(() => {
    throw new RangeError("while it was idle");
  }, 5);
  return threadId;
};
/** Passes every look at it, and cannot be sent all the same. */
export const slyResult = (): number[] =>
  Object.assign(
    Array.from({ length: 2000 }, () => 1),
    { odd: () => 1 },
  );
export const port = (): unknown => ({ port: new MessageChannel().port1 });

let kept: Uint8Array | undefined;
export const size = (bytes: Uint8Array): number => bytes.length;
export const make = (length: number): Uint8Array => {
  kept = new Uint8Array(length).fill(7);
  return transfer(kept, [kept.buffer as ArrayBuffer]);
};
export const sizeOfKept = (): number | undefined => kept?.length;
export const counter = (shared: Int32Array): number => Atomics.add(shared, 0, 1);
export const variable = (name: string): string | undefined => process.env[name];
