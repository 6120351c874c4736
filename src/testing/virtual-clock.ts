/**
 * The simplest host: its time jumps to the next deadline when nothing else is to be done, so sleeps take no
 * time, and every run is the same. The outside takes no part in that time: what has settled is heard of
 * before time jumps, what takes real time is jumped over.
 */
import { JumpingClock } from "./jumping-clock.ts";
import { macrotask } from "./macrotask.ts";
import { clearRealTimeout, realTimeout } from "./real-time.ts";

/** Who waits for the outside and hears nothing for so long, in real milliseconds, waits for ever. */
const PATIENCE_MS = 200;
/** Patience is spent in rounds of so many milliseconds: while this process is held up itself, it does not count. */
const ROUND_MS = 10;

/** What time is held for: see `VirtualClock.hold`. */
interface Held {
  /** How many pieces of work are under way outside. */
  readonly work: () => number;
  /** For how long the outside may be silent, in real milliseconds. */
  readonly patience: number;
  /** How many of them have been silent for that long. */
  silent: number;
  /** Called when time goes on without them. */
  readonly goesOn: (() => void) | undefined;
}

/**
 * A clock that jumps, in milliseconds, to the next deadline as soon as nothing else is to be done: give it to an
 * `EventLoop` as its `host`. `runVirtual` does so for one program.
 * @example
 * ```ts
 * import { EventLoop, sleep } from "cede";
 * import { VirtualClock } from "cede/testing";
 *
 * const clock = new VirtualClock();
 * await EventLoop.run(() => sleep(3_600_000), { host: clock });
 * console.log(clock.now()); // prints: 3600000
 * ```
 */
export class VirtualClock extends JumpingClock {
  #scheduled = false;
  #listening: unknown;
  #held: Held | null = null;

  /** A clock that shows `start` milliseconds. */
  constructor(start = 0) {
    super();
    this.time = start;
  }

  override wakeAt(at: number, callback: () => void): void {
    super.wakeAt(at, callback);
    if (at !== Infinity) this.heard();
  }

  /**
   * Lets `ms` milliseconds pass, and makes the calls that are due on the way; 0: those that are due now.
   *
   * @throws RangeError if `ms` is negative or not a number.
   */
  advance(ms: number): void {
    if (!(ms >= 0)) throw new RangeError(`Cannot advance by ${ms} ms: time never goes back.`);
    const end = this.time + ms;
    do {
      this.makeCalls();
    } while (this.deadline <= end && this.jump());
    this.time = end;
  }

  /**
   * Has time stand still while work is under way outside, unless that has been silent for `patience` real
   * milliseconds: then time goes on without it. Only while the clock runs by itself. @internal
   */
  hold(work: () => number, patience: number, goesOn?: () => void): void {
    this.#held = { work, patience, silent: 0, goesOn };
  }

  /** It goes by itself: promises that have settled come first; then time jumps. @internal */
  protected heard(): void {
    clearRealTimeout(this.#listening);
    if (this.#scheduled) return;
    this.#scheduled = true;
    macrotask(() => {
      this.#scheduled = false;
      const called = this.calls.length > 0;
      this.makeCalls();
      if (called) this.heard();
      else if (this.deadline === Infinity) this.#giveUpLater();
      else if (this.#mayJump()) this.#jumpOn();
    });
  }

  #jumpOn(): void {
    if (this.jump()) this.heard();
  }

  /** Otherwise it will go on by itself later. */
  #mayJump(): boolean {
    const held = this.#held;
    if (held === null) return true;
    const work = held.work();
    held.silent = Math.min(held.silent, work);
    if (work === held.silent || held.patience === 0) return true;
    this.#listen(held.patience, () => {
      held.silent = held.work();
      held.goesOn?.();
      this.#jumpOn();
    });
    return false;
  }

  /** Only the outside can bring anything now: it is given a moment of its own time, or more if it is at work. */
  #giveUpLater(): void {
    if (this.exhausted === null) return;
    const { work, patience } = this.#held ?? { work: () => 0, patience: 0 };
    const ms = work() > 0 ? Math.max(PATIENCE_MS, patience * 10) : PATIENCE_MS;
    this.#listen(ms, () => this.exhausted?.());
  }

  /** Whatever is heard, or set, meanwhile begins anew. */
  #listen(ms: number, then: () => void): void {
    const next = (): void => (ms > ROUND_MS ? this.#listen(ms - ROUND_MS, then) : then());
    this.#listening = realTimeout(next, Math.min(ms, ROUND_MS));
  }
}
