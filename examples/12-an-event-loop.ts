// Example 12: an event loop
//
// The point: a list of tasks, each asked in turn, is an event loop. With futures, tasks and a sleep on top,
// the program at the end reads like any other async program, and there is no magic left underneath.
//
// It is a model, and an honest one. What it does badly, and example 13 does well:
// - It spins. A sleeping task can only say "not yet", so the loop asks it again at once: ten seconds of
//   countdown are ten seconds of a CPU at 100 %, in which nothing else in this process can run.
// - It drives the countdown from two places. The loop asks it in every round, and so does `program` once it
//   awaits it, for here to await a task is to run it. A sleep that looks at the clock does not mind; a
//   coroutine that counts how often it is asked would be done in half the rounds.
import { isProgram } from "./support/is-program.ts";

/** `yield` means "ask me again later", `return` gives the result. */
type Coroutine<T = void> = Generator<undefined, T>;

/** Milliseconds, of this machine or made up. */
type Clock = () => number;

/** A result that may not be there yet. `yield*` asks it until it is. */
class Future<T> {
  finished = false;
  value: T | undefined;

  next(): IteratorResult<undefined, T> {
    if (!this.finished) return { done: false, value: undefined };
    return { done: true, value: this.value as T };
  }

  close(): void {
    this.finished = true;
  }

  [Symbol.iterator](): this {
    return this;
  }
}

/** A coroutine as a future: to ask for its result is to run it to its next `yield`. */
class Task<T> extends Future<T> {
  readonly #coroutine: Coroutine<T>;

  constructor(coroutine: Coroutine<T>) {
    super();
    this.#coroutine = coroutine;
  }

  override next(): IteratorResult<undefined, T> {
    if (this.finished) return super.next();
    const step = this.#coroutine.next();
    if (step.done) {
      this.finished = true;
      this.value = step.value;
    }
    return step;
  }

  override close(): void {
    this.#coroutine.return(undefined as T);
    super.close();
  }
}

export class EventLoop {
  static running: EventLoop | undefined;

  readonly now: Clock;
  readonly #tasks: Task<unknown>[] = [];

  constructor(now: Clock = () => performance.now()) {
    this.now = now;
  }

  createTask<T>(coroutine: Coroutine<T>): Task<T> {
    const task = new Task(coroutine);
    this.#tasks.push(task);
    return task;
  }

  /** Asks each task in turn, round after round, until none is left. */
  runUntilComplete(): void {
    EventLoop.running = this;
    try {
      for (let task = this.#tasks.shift(); task !== undefined; task = this.#tasks.shift()) {
        if (!task.next().done) this.#tasks.push(task);
      }
    } finally {
      this.stop();
    }
  }

  stop(): void {
    for (const task of this.#tasks.splice(0)) task.close();
    EventLoop.running = undefined;
  }
}

/** The loop that runs now; every coroutine is run by one. */
function runningLoop(): EventLoop {
  if (EventLoop.running === undefined) throw new Error("Cannot find the running loop: none is running");
  return EventLoop.running;
}

function* sleep(seconds: number): Coroutine {
  const loop = runningLoop();
  const end = loop.now() + seconds * 1000;
  while (loop.now() < end) yield;
}

function* doStuff(): Coroutine {
  yield* sleep(1);
  console.log("Doing more stuff");
  const result = yield* doMoreStuff();
  console.log(result);
}

function* doMoreStuff(): Coroutine<string> {
  yield* sleep(2);
  return "Hello World";
}

function* countdown(): Coroutine {
  for (let count = 10; count > 0; count -= 1) {
    console.log(`${count}`);
    yield* sleep(1);
  }
  console.log("TAKE OFF!!!!!");
}

function* program(): Coroutine {
  const task = runningLoop().createTask(countdown());
  yield* sleep(0.5);
  yield* doStuff();
  yield* task;
  console.log("Main is exiting");
}

export function main(clock?: Clock): void {
  const loop = new EventLoop(clock);
  loop.createTask(program());
  loop.runUntilComplete();
}

if (isProgram(import.meta)) main();
