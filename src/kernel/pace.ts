/**
 * How often the loop looks at the clock, and who held it up. Looking costs as much as a short step, so
 * many short steps share one look; where steps are long there is one after each. A slice therefore ends in
 * time whatever its steps cost, and a step that holds up the loop, and the host with it, can be named.
 */
import type { Report } from "./monitor.ts";
import type { Runnable } from "./ready.ts";

const MOST_STEPS = 64;
/** A stride that takes less, in milliseconds, may be longer; one that takes more is too long. */
const SHORT_MS = 0.1;
const LONG_MS = 0.4;
/** Steps that take this long, in milliseconds, hold the loop. */
const HELD_MS = 50;
/** For how long after a hold, in milliseconds, there is a look after each step, to find who it was. */
const WATCH_MS = 10_000;

export class Pace {
  /** How many steps to take until the next look. */
  stride = 1;
  #lookedAt = 0;
  #watchUntil = -Infinity;
  /** Whoever holds the loop is named once, and again after a while: not at each step. */
  #quietUntil = -Infinity;
  readonly #report: (report: Report) => void;

  constructor(report: (report: Report) => void) {
    this.#report = report;
  }

  begin(now: number): void {
    this.#lookedAt = now;
  }

  /** `steps` were taken since the last look, the last of them by `last`. */
  look(now: number, steps: number, last: Runnable): void {
    const ms = now - this.#lookedAt;
    this.#lookedAt = now;
    if (ms >= HELD_MS) this.#held(now, ms, steps, last);
    if (now < this.#watchUntil) this.stride = 1;
    else if (ms > LONG_MS) this.stride = Math.max(1, Math.floor((steps * LONG_MS) / (2 * ms)));
    else if (ms < SHORT_MS && steps === this.stride && steps < MOST_STEPS) this.stride *= 2;
  }

  /** Deadlines have passed since the last look. */
  expired(now: number): void {
    const ms = now - this.#lookedAt;
    this.#lookedAt = now;
    if (ms >= HELD_MS && now >= this.#quietUntil) {
      this.#quietUntil = now + WATCH_MS;
      this.#tell(ms, "It was spent on deadlines that passed, and on what they cancelled.");
    }
  }

  #held(now: number, ms: number, steps: number, last: Runnable): void {
    if (now < this.#quietUntil) return;
    const name = (last as { name?: string }).name ?? "a callback";
    if (steps === 1) {
      this.#watchUntil = -Infinity;
      this.#quietUntil = now + WATCH_MS;
      this.#tell(ms, `It was one step of ${name}.`);
    } else {
      this.#watchUntil = now + WATCH_MS;
      this.#tell(ms, `The last to run was ${name}; if it happens again, whoever did it is named.`);
    }
  }

  #tell(ms: number, by: string): void {
    this.#report({
      kind: "loop-held",
      message: `The loop was held for ${Math.round(ms)} ms, and with it everything else. ${by}`,
      task: undefined,
    });
  }
}
