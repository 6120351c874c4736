/** Waits that time ends, and the one that the next turn ends. */
import {
  cededResult,
  parkedResult,
  voidResult,
  type Awaitable,
  type Poll,
  type Signal,
} from "./awaitable.ts";
import type { Timer } from "./deadlines.ts";
import { textOf } from "./errors.ts";
import { describe, notByHand } from "./misuse.ts";
import { current } from "./current.ts";
import { caughtReturning } from "./escape.ts";
import { enterWait, Wait, type Subject } from "./wait.ts";

/** Waits until a deadline. It is its own iterator, the first time; its own timer, too. */
class Sleep extends Wait<void> implements Awaitable<void>, Timer {
  at = 0;
  order = 0;
  slot = -1;
  readonly #ms: number;
  /** Whether `ms` is a delay from now, or a time. */
  readonly #relative: boolean;

  constructor(ms: number, relative: boolean) {
    super();
    this.#ms = ms;
    this.#relative = relative;
  }

  get label(): string {
    if (!this.#relative) return `the time ${this.#ms} ms`;
    return `sleep ${this.#ms >= 10_000 ? `${this.#ms / 1000} s` : `${this.#ms} ms`}`;
  }
  override subject(): Subject {
    return { kind: "sleep" };
  }

  [Symbol.iterator](): Sleep {
    return this.unused ? this : new Sleep(this.#ms, this.#relative);
  }

  protected begin(): boolean {
    const { loop } = this.task!;
    loop.deadlines.set(this, this.#relative ? loop.now() + this.#ms : this.#ms);
    return false;
  }

  abort(): void {
    this.task!.loop.deadlines.clear(this);
  }

  expire(): void {
    this.complete();
  }
}

/** Never ends but by cancellation; what it counts as is "the outside may end it": by cancelling the run. */
class SleepForever extends Wait<void> implements Awaitable<void> {
  get label(): string {
    return "sleep for ever";
  }
  override subject(): Subject {
    return { kind: "sleep" };
  }
  override get external(): boolean {
    return true;
  }
  [Symbol.iterator](): SleepForever {
    return new SleepForever();
  }
  protected begin(): boolean {
    return false;
  }
  abort(): void {}
}

/**
 * A checkpoint that gives way to nobody: a cancellation that is due is delivered here. For an awaitable of your own that
 * may have its result at once, or that begins something: every wait is a checkpoint, also when it need not wait, and a
 * cancellation comes before anything is taken. `park` is one already.
 *
 * @example
 * ```ts
 * import { coroutine, moveOnAfter, runSync } from "cede";
 * import { checkpoint } from "cede/lowlevel";
 *
 * const items = ["a", "b"];
 * const take = coroutine(function* take() {
 *   yield* checkpoint;
 *   return items.shift(); // at once, as long as there are any
 * });
 * const { expired } = runSync(() => moveOnAfter(0, () => take()));
 * console.log(expired, items); // prints: true [ 'a', 'b' ]
 * ```
 */
export const checkpoint: Awaitable<void> = new (class Checkpoint implements Iterator<
  Signal | undefined,
  void,
  void
> {
  readonly label = "a checkpoint";

  // One for all: it has nothing to remember.
  [Symbol.iterator](): this {
    return this;
  }
  next(_sent?: void): Poll<void> {
    if (arguments.length === 0) throw notByHand(this.label);
    return enterWait(this) === null ? parkedResult : voidResult;
  }
  return(value?: void): Poll<void> {
    return { done: true, value };
  }
})();

/** One turn. Complete only when its task is resumed: a cancellation that comes first wins. */
class Cede implements Iterator<Signal | undefined, void, void> {
  readonly label = "cede()";
  #asked = false;

  next(): Poll<void> {
    if (arguments.length === 0) throw notByHand(this.label);
    if (this.#asked) return voidResult;
    if (enterWait(this) === null) return parkedResult;
    this.#asked = true;
    current.parked = true;
    if (current.returning) caughtReturning();
    return cededResult;
  }

  return(value?: void): Poll<void> {
    return { done: true, value };
  }
}

const ceding: Awaitable<void> = { [Symbol.iterator]: () => new Cede() };

/**
 * Gives way to every other task that is ready: goes on in the next turn. A bare `yield` does the same;
 * inside cleanup write this form.
 *
 * @example
 * ```ts
 * import { cede, runSync } from "cede";
 *
 * runSync(function* () {
 *   for (let chunk = 0; chunk < 3; chunk++) yield* cede();
 * });
 * ```
 */
export function cede(): Awaitable<void> {
  return ceding;
}

/**
 * Waits `ms` milliseconds, never less by the loop's clock; 0 is the next turn, `Infinity` for ever.
 *
 * @throws RangeError if `ms` is negative or not a number.
 * @example
 * ```ts
 * import { run, sleep } from "cede";
 *
 * await run(function* () {
 *   yield* sleep(10);
 *   console.log("ten milliseconds later"); // prints: ten milliseconds later
 * });
 * ```
 */
export function sleep(ms: number): Awaitable<void> {
  checkDelay("sleep", ms);
  return ms === Infinity ? new SleepForever() : new Sleep(ms, true);
}

/**
 * Waits until the loop's clock shows `time`, in milliseconds (see `EventLoop.time`); a time that has passed
 * is the next turn.
 *
 * @throws RangeError if `time` is not a number.
 * @example
 * ```ts
 * import { run, runningLoop, sleepUntil } from "cede";
 *
 * await run(function* () {
 *   const start = runningLoop().time();
 *   for (let tick = 1; tick <= 3; tick++) yield* sleepUntil(start + tick * 5);
 * });
 * ```
 */
export function sleepUntil(time: number): Awaitable<void> {
  checkTime("sleep until", time);
  return time === Infinity ? new SleepForever() : new Sleep(time, false);
}

/**
 * Waits until it is cancelled.
 *
 * @example
 * ```ts
 * import { moveOnAfter, run, sleepForever } from "cede";
 *
 * const { expired } = await run(() => moveOnAfter(10, () => sleepForever()));
 * console.log(expired); // prints: true
 * ```
 */
export function sleepForever(): Awaitable<never> {
  return new SleepForever() as unknown as Awaitable<never>;
}

/** Refuses what is no delay. @throws RangeError */
export function checkDelay(what: string, ms: number): void {
  if (typeof ms === "number" && ms >= 0) return;
  throw new RangeError(
    `Cannot ${what} ${shown(ms)} ms: a delay is a number of milliseconds, 0 or more (or Infinity)${butIs(ms)}.`,
  );
}

/** Refuses what is no time. @throws RangeError */
export function checkTime(what: string, time: number): void {
  if (typeof time === "number" && !Number.isNaN(time)) return;
  throw new RangeError(`Cannot ${what} ${shown(time)}: a time is a number of milliseconds${butIs(time)}.`);
}

/** A number in quotes looks like one without. */
function shown(value: unknown): string {
  return typeof value === "string" ? describe(value) : textOf(value);
}

function butIs(value: unknown): string {
  if (typeof value === "number" || value === undefined || value === null) return "";
  return `, not ${typeof value === "object" ? "an object" : `a ${typeof value}`}`;
}
