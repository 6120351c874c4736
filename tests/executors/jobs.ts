/**
 * The jobs that every executor is tried with. They share no memory with who calls them: what they did is in their results, in
 * what they tell, or in a file that they are given the name of. It stays whole: it is the module that executors are given.
 */
import { appendFileSync, existsSync, readFileSync } from "node:fs";
import { AsyncLocalStorage } from "node:async_hooks";
import { setImmediate as turn } from "node:timers/promises";
import {
  abortSignal,
  BrokenChannelError,
  ContextVar,
  coroutine,
  createTask,
  currentDeadline,
  currentTask,
  defer,
  runningLoop,
  shield,
  sleep,
  sleepForever,
  taskGroup,
  TimeoutError,
  type Awaitable,
  type Sender,
} from "cede";
import { currentJob, transfer } from "cede/executors";

/** Writes a line into a file, for the test to read. */
function note(file: string, line: string): void {
  appendFileSync(file, `${line}\n`);
}

// Every kind of function that may be a job.

export const add = (a: number, b: number): number => a + b;
export function subtract(a: number, b: number): number {
  return a - b;
}
export async function laterAdd(a: number, b: number): Promise<number> {
  await turn();
  return a + b;
}
export const slowAdd = coroutine(function* slowAdd(a: number, b: number): Awaitable<number> {
  yield* sleep(1);
  return a + b;
});
export function* plainAdd(a: number, b: number): Awaitable<number> {
  yield* sleep(1);
  return a + b;
}
export const arrowAdd = (a: number, b: number): Awaitable<number> => slowAdd(a, b);
export const taskAdd = (a: number, b: number): Awaitable<number> => createTask(() => slowAdd(a, b));
export const thenableAdd = (a: number, b: number): PromiseLike<number> => Promise.resolve(a + b);
export const nestedAdd = coroutine(function* nestedAdd(a: number, b: number): Awaitable<number> {
  return yield* slowAdd(yield* slowAdd(a, 0), b);
});
export default function main(): string {
  return "by default";
}

// No jobs, though the module exports them.
export class Picture {
  readonly width = 1;
}
export const version = "1.0";

// What goes there and comes back.

export const nothing = (): void => {};
export const echo = <T>(value: T): T => value;
export const count = (...args: unknown[]): number => args.length;
/** What it was given, as it sees it. */
export const look = (value: unknown): string => {
  if (typeof value === "bigint") return `bigint ${value}`;
  if (typeof value !== "object" || value === null)
    return `${typeof value} ${Object.is(value, -0) ? "-0" : value}`;
  return `${Object.prototype.toString.call(value).slice(8, -1)} ${Object.getPrototypeOf(value)?.constructor?.name}`;
};
export const append = (list: number[]): number[] => {
  list.push(list.length);
  return list;
};
export const lengthOf = coroutine(function* lengthOf(list: unknown[]): Awaitable<number> {
  return list.length;
});
export const withDefault = (a: number, b = 10): number => a + b;
/** Whether two parts of its argument are the same thing. */
export const sameThing = (pair: { a: object; b: object }): boolean => pair.a === pair.b;
/** What no job can give. */
export const gives = (what: string): unknown => {
  switch (what) {
    case "a function":
      return { list: [1, { deep: () => 1 }] };
    case "a symbol":
      return Symbol("mine");
    case "a promise":
      return { later: Promise.resolve(1) };
    case "a weak map":
      return new Map([["cache", new WeakMap()]]);
    case "a proxy":
      return new Proxy({}, {});
    case "a getter that throws":
      return {
        get broken(): number {
          throw new Error("the getter broke");
        },
      };
    default:
      return what;
  }
};
/** Gives a picture, and a list of what is to be moved of it that is wrong. */
export const transferBadly = (what: string): unknown => {
  const pixels = new Uint8Array(4);
  switch (what) {
    case "view":
      return transfer(pixels, [pixels as never]);
    case "shared":
      return transfer(pixels, [new SharedArrayBuffer(4) as never]);
    case "twice":
      return transfer(pixels, [pixels.buffer, pixels.buffer]);
    case "object":
      return transfer(pixels, [{} as never]);
    case "nothing":
      return transfer(pixels, [undefined as never]);
    case "moved before":
      structuredClone(pixels.buffer, { transfer: [pixels.buffer] });
      return transfer({ width: 1 }, [pixels.buffer]);
    case "moved meanwhile": {
      const result = transfer({ width: 1 }, [pixels.buffer]);
      structuredClone(pixels.buffer, { transfer: [pixels.buffer] });
      return result;
    }
    case "shared with others":
      return transfer("text", [Buffer.from("text").buffer]);
    case "memory of WebAssembly":
      return transfer("text", [new WebAssembly.Memory({ initial: 1 }).buffer]);
    case "inside":
      return { picture: transfer(pixels, [pixels.buffer]) };
    default:
      return transfer(pixels, [pixels.buffer]);
  }
};

// Errors.

class StatusError extends Error {
  override readonly name = "StatusError";
  readonly status: number;
  readonly code = "E_STATUS";
  readonly retryable = (): boolean => true; // which cannot be sent
  constructor(status: number) {
    super(`The server answered ${status}.`);
    this.status = status;
  }
}

/** Has the name of one of the library's, and nothing else of it. */
const OwnTimeoutError = class TimeoutError extends Error {
  override readonly name = "TimeoutError";
};
class ServerTimeoutError extends TimeoutError {
  readonly server = "a";
}

export const fail = (what: string): never => {
  switch (what) {
    case "Error":
      throw new Error("plain");
    case "TypeError":
      throw new TypeError("wrong type");
    case "RangeError":
      throw new RangeError("out of range");
    case "SyntaxError":
      throw new SyntaxError("bad syntax");
    case "URIError":
      throw new URIError("bad address");
    case "EvalError":
      throw new EvalError("bad evaluation");
    case "ReferenceError":
      throw new ReferenceError("not there");
    case "StatusError":
      throw new StatusError(503);
    case "code":
      throw Object.assign(new Error("no such file"), { code: "ENOENT", errno: -2, path: "/tmp/none" });
    case "cause":
      throw new Error("outer", { cause: new TypeError("middle", { cause: new RangeError("inner") }) });
    case "cause that is data":
      throw new Error("outer", { cause: { step: 3 } });
    case "circle of causes": {
      const error = new Error("round");
      error.cause = error;
      throw error;
    }
    case "AggregateError":
      throw new AggregateError([new TypeError("first"), new Error("second"), "third"], "all failed");
    case "text":
      throw "only a text";
    case "undefined":
      throw undefined;
    case "object":
      throw { code: 7, why: "no reason" };
    case "function":
      throw () => 1;
    case "circle of errors": {
      const error = new AggregateError([], "round");
      error.errors.push(error, error);
      throw error;
    }
    case "TimeoutError of its own":
      throw new OwnTimeoutError("The server did not answer.");
    case "TimeoutError by name":
      throw Object.assign(new Error("The server did not answer."), { name: "TimeoutError" });
    case "TimeoutError that is extended":
      throw new ServerTimeoutError("The server did not answer.", 5);
    case "SuppressedError":
      throw new SuppressedError(new RangeError("release"), new TypeError("body"), "both failed");
    case "DOMException":
      throw new DOMException("it was aborted", "AbortError");
    default:
      throw new Error(what);
  }
};
export const failLater = coroutine(function* failLater(message: string): Awaitable<never> {
  yield* sleep(1);
  return yield* failInside(message);
});
const failInside = coroutine(function* failInside(message: string): Awaitable<never> {
  yield* sleep(1);
  throw new RangeError(message);
});
/** Fails, and so does its cleanup, twice. */
export const failTwice = coroutine(function* failTwice(): Awaitable<never> {
  return yield* taskGroup(function* (group) {
    group.createTask(function* other() {
      try {
        return yield* sleepForever();
      } finally {
        throw new RangeError("the cleanup failed");
      }
    });
    group.createTask(function* cleaner() {
      defer(() => {
        throw new TypeError("the release failed");
      });
      yield* sleepForever();
    });
    yield* sleep(1);
    throw new StatusError(503);
  });
});
export const failAsync = async (message: string): Promise<never> => {
  await turn();
  throw new RangeError(message);
};
/** Fails until it was called so often: the file knows how often that was. */
export const flaky = (file: string, failures: number): number => {
  note(file, `job ${currentJob()!.id}`);
  const attempts = readFileSync(file, "utf8").split("\n").length - 1;
  if (attempts <= failures) throw new Error(`attempt ${attempts} failed`);
  return attempts;
};

// Waiting, being held, being cancelled.

/** Begins, and ends when the caller has received both of what it sends. */
export const hold = coroutine(function* hold(door: Sender<string>, name: string = "job"): Awaitable<string> {
  yield* door.send(`${name} begun`);
  yield* door.send(`${name} ends`);
  return name;
});
/** Notes that it ran. */
export const mark = coroutine(function* mark(file: string, line: string): Awaitable<void> {
  note(file, line);
  yield;
});
/** Waits for ever; tells that it began, and notes that it was cleaned up. */
export const forever = coroutine(function* forever(file: string, cleanup: number = 0): Awaitable<never> {
  try {
    currentJob()?.progress("begun");
    return yield* sleepForever();
  } finally {
    note(file, "cleanup begins");
    if (cleanup > 0) yield* sleep(cleanup);
    note(file, "cleanup ends");
  }
});
/** The same by what the library gives for it. */
export const deferring = coroutine(function* deferring(file: string): Awaitable<never> {
  defer(function* () {
    yield* sleep(1);
    note(file, "deferred 1");
  });
  defer(() => note(file, "deferred 2"));
  currentJob()?.progress("begun");
  return yield* sleepForever();
});
/** A plain generator, which awaits another in its cleanup. */
export function* plainForever(file: string): Awaitable<never> {
  try {
    currentJob()?.progress("begun");
    return yield* sleepForever();
  } finally {
    yield* sleep(1);
    note(file, "cleanup ends");
  }
}
/** Catches whatever it can. */
export const stubborn = coroutine(function* stubborn(file: string): Awaitable<never> {
  for (;;) {
    try {
      currentJob()?.progress("begun");
      yield* sleepForever();
    } catch (error) {
      note(file, `caught ${String(error)}`);
    } finally {
      note(file, "left");
    }
  }
});
/** Its cleanup throws. */
export const clumsy = coroutine(function* clumsy(): Awaitable<never> {
  try {
    currentJob()?.progress("begun");
    return yield* sleepForever();
  } finally {
    yield* sleep(1);
    throw new RangeError("the cleanup broke");
  }
});
/** Its cleanup ends when it has received an answer in a file. */
export const patient = coroutine(function* patient(file: string, until: string): Awaitable<never> {
  try {
    currentJob()?.progress("begun");
    return yield* sleepForever();
  } finally {
    note(file, "cleanup begins");
    while (!existsSync(until)) yield* sleep(2);
    note(file, "cleanup ends");
  }
});
/** Is not stopped before it has written. */
export const shielded = coroutine(function* shielded(file: string): Awaitable<void> {
  yield* shield(function* () {
    currentJob()?.progress("begun");
    for (let step = 1; step <= 3; step++) {
      yield* sleep(1);
      note(file, `step ${step}`);
    }
  });
  yield* sleepForever();
});
/** An async function that stops when it is told to, and cleans up. */
export const listening = async (file: string): Promise<never> => {
  const signal = abortSignal();
  currentJob()?.progress("begun");
  try {
    return await new Promise<never>((_, reject) => {
      signal.addEventListener("abort", () => reject(signal.reason as Error));
    });
  } finally {
    await turn();
    note(file, "aborted");
  }
};
/** Whether its signal was aborted, at its beginning. */
export const isAborted = (): boolean => abortSignal().aborted;
/** Leaves a task, which notes how it is cleaned up. */
export const leaveTask = coroutine(function* leaveTask(file: string): Awaitable<string> {
  createTask(() => forever(file, 1));
  yield* sleep(1);
  return "left it";
});
/** Leaves a task that fails, while it still runs or once that is cleaned up. */
export const leaveFailing = coroutine(function* leaveFailing(when: "meanwhile" | "after"): Awaitable<void> {
  createTask(function* left() {
    if (when === "meanwhile") return yield* failLater("of what was left");
    try {
      yield* sleepForever();
    } finally {
      yield* failLater("of what was left");
    }
  });
  yield* when === "meanwhile" ? sleepForever() : sleep(1);
});
/** Makes a callback that throws. */
export const callBadly = coroutine(function* callBadly(): Awaitable<void> {
  runningLoop().callLater(1, () => {
    throw new RangeError("of a callback");
  });
  yield* sleepForever();
});
export const cancelItself = coroutine(function* cancelItself(): Awaitable<void> {
  void currentTask()!.cancel("it has had enough");
  yield* sleep(1);
});
/** Leaves a task that sends for as long as it can. */
export const leaveSending = coroutine(function* leaveSending(sender: Sender<number>): Awaitable<string> {
  createTask(function* left() {
    for (let n = 1; ; n++) {
      yield* sender.send(n);
      yield* sleep(1);
    }
  });
  yield* sleep(3);
  return "left it";
});
/** Awaits a task of its own while it is cleaned up. */
export const awaitAtLast = coroutine(function* awaitAtLast(file: string): Awaitable<never> {
  const one = createTask(() => nap(2));
  try {
    currentJob()?.progress("begun");
    return yield* sleepForever();
  } finally {
    note(file, `its task gave ${yield* one}`);
  }
});
export const visitor = new ContextVar("visitor", { default: "nobody" });
export const storage = new AsyncLocalStorage<string>();
/** What it sees of what surrounds it. */
export const surroundings = coroutine(function* surroundings(): Awaitable<unknown[]> {
  yield;
  return [visitor.get(), storage.getStore() ?? "nothing stored", currentDeadline()];
});
export const nap = coroutine(function* nap(ms: number): Awaitable<number> {
  yield* sleep(ms);
  return ms;
});

// What a job knows of itself, and tells.

/** Tells something, and something more when it has ended. */
export const tellLate = (file: string): void => {
  const job = currentJob()!;
  job.progress("begun");
  setTimeout(() => {
    job.progress("late");
    note(file, "told");
  }, 20);
};

export const whoAmI = (): { name: string; id: string; attempt: number; worker: string } | undefined => {
  const job = currentJob();
  return job && { name: job.name, id: job.id, attempt: job.attempt, worker: job.worker };
};
export const whoAmILater = coroutine(function* whoAmILater(): Awaitable<string | undefined> {
  yield* sleep(1);
  return yield* idInside();
});
const idInside = coroutine(function* idInside(): Awaitable<string | undefined> {
  yield;
  return currentJob()?.id;
});
export const countUp = (to: number): number => {
  for (let n = 1; n <= to; n++) currentJob()!.progress({ n, of: to });
  return to;
};
export const countUpSlowly = coroutine(function* countUpSlowly(to: number): Awaitable<number> {
  for (let n = 1; n <= to; n++) {
    currentJob()!.progress(n);
    yield* sleep(1);
  }
  return to;
});
/** Tells how far it has come, and how far its cleanup has, which goes on for a while between any two, if it is to. */
export const tellLeaving = coroutine(function* tellLeaving(pause: number): Awaitable<never> {
  const job = currentJob()!;
  try {
    job.progress("begun");
    return yield* sleepForever();
  } finally {
    for (let n = 1; n <= 3; n++) {
      job.progress(n);
      if (pause > 0) yield* sleep(pause);
    }
  }
});
export const tellBadly = (): string => {
  try {
    currentJob()!.progress({ done: { by: () => 1 } });
    return "told";
  } catch (error) {
    return `${(error as Error).name}: ${(error as Error).message}`;
  }
};
export const tellAndFail = (): never => {
  currentJob()!.progress("half");
  throw new Error("the other half failed");
};

// Streams.

/** Sends numbers, and closes the sender unless it is to be left open. */
export const produce = coroutine(function* produce(
  sender: Sender<number>,
  to: number,
  leaveOpen: boolean = false,
): Awaitable<number> {
  for (let n = 1; n <= to; n++) yield* sender.send(n);
  if (!leaveOpen) sender.close();
  return to;
});
/** Sends for as long as anybody receives; how it heard that nobody does. */
export const produceForever = coroutine(function* produceForever(sender: Sender<number>): Awaitable<string> {
  try {
    for (let n = 1; ; n++) yield* sender.send(n);
  } catch (error) {
    return error instanceof BrokenChannelError ? "BrokenChannelError" : String(error);
  }
});
/** The same, noting each item that was taken from it, and that it was stopped. */
export const produceNoting = coroutine(function* produceNoting(
  sender: Sender<number>,
  file: string,
): Awaitable<never> {
  try {
    for (let n = 1; ; n++) {
      yield* sender.send(n);
      note(file, `sent ${n}`);
    }
  } finally {
    note(file, "stopped");
  }
});
/** Sends by turns to two. */
export const divide = coroutine(function* divide(
  even: Sender<number>,
  to: number,
  odd: Sender<number>,
): Awaitable<void> {
  for (let n = 1; n <= to; n++) yield* (n % 2 === 0 ? even : odd).send(n);
  even.close();
  odd.close();
});
/** Sends what cannot be sent. */
export const sendBadly = coroutine(function* sendBadly(sender: Sender<unknown>): Awaitable<void> {
  yield* sender.send({ fine: 1 });
  yield* sender.send({ list: [0, () => 1] });
  yield* sender.send({ fine: 2 });
});
/** Sends the same object again and again, changing it. */
export const sendChanging = coroutine(function* sendChanging(
  sender: Sender<{ n: number }>,
  to: number,
): Awaitable<void> {
  const item = { n: 0 };
  for (let n = 1; n <= to; n++) {
    item.n = n;
    yield* sender.send(item);
  }
  item.n = -1;
  sender.close();
});
export const sendAndFail = coroutine(function* sendAndFail(sender: Sender<number>): Awaitable<never> {
  yield* sender.send(1);
  yield* sender.send(2);
  throw new RangeError("no third one");
});
/** Sends for as long as it can, in the words in which it heard that it cannot any more. */
export const sendUntilRefused = coroutine(function* sendUntilRefused(
  sender: Sender<number>,
): Awaitable<string> {
  try {
    for (let n = 1; ; n++) yield* sender.send(n);
  } catch (error) {
    return String(error);
  }
});
/** Sends one item, and one more when it is stopped; what came of that. */
export const sendAtLast = coroutine(function* sendAtLast(
  sender: Sender<string>,
  file: string,
  how: "send" | "trySend" = "send",
): Awaitable<never> {
  yield* sender.send("first");
  try {
    return yield* sleepForever();
  } finally {
    try {
      if (how === "send") yield* sender.send("last");
      else while (!sender.trySend("last")) yield* sleep(1); // the first one may still be on its way
      note(file, "sent");
      sender.close();
    } finally {
      note(file, "stopped");
    }
  }
});
/** Sends one item after the other, and one more when it is stopped. */
export const sendForeverAndAtLast = coroutine(function* sendForeverAndAtLast(
  sender: Sender<number>,
  file: string,
): Awaitable<never> {
  try {
    for (let n = 1; ; n++) yield* sender.send(n);
  } finally {
    try {
      yield* sender.send(-1);
    } catch (error) {
      note(file, String(error));
    }
  }
});
/** Sends what nobody waits for. */
export const trySendAll = (sender: Sender<number>, to: number): boolean[] =>
  Array.from({ length: to }, (_, n) => sender.trySend(n + 1));
/** Sends each as soon as the one before was taken. */
export async function trySendEach(sender: Sender<number>, to: number): Promise<void> {
  for (let n = 1; n <= to; n++) while (!sender.trySend(n)) await turn();
  sender.close();
}
/** From several tasks of the job at once. */
export const sendSideBySide = coroutine(function* sendSideBySide(
  sender: Sender<string>,
  each: number,
): Awaitable<void> {
  const tasks = ["a", "b"].map((name) => {
    const clone = sender.clone();
    return createTask(function* () {
      for (let n = 1; n <= each; n++) yield* clone.send(`${name}${n}`);
      clone.close();
    });
  });
  sender.close();
  for (const task of tasks) yield* task;
});
