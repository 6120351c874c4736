/**
 * A schedule as a string, to paste into a test or a command: "1:7.3-t2.1:31:k3f2…". Its parts: the form's version; where
 * something else is done than going on (at step 7 task 3 runs; the second tie goes to the other one); the seed of random
 * numbers, if the program draws any, and where it is cancelled, if it is; how many steps there are; and digits that
 * tell, every few steps, whether the program still takes the same ones.
 */
import type { CancelPoint } from "./cancelling.ts";
import type { Deviation } from "./crossroads.ts";
import { goOn, type Decider } from "./decider.ts";

export interface Schedule {
  readonly deviations: readonly Deviation[];
  readonly seed: number;
  readonly cancel: CancelPoint | undefined;
  readonly steps: number;
  /** One digit for every `ceil(steps / 32)` of them. */
  readonly digits: string;
}

const VERSION = "1";
const MOST_DIGITS = 32;
const FORM =
  /^1:(?<deviations>[-.\dtc]*):(?<seed>[\da-z]+)(?:(?<by>[!@])(?<cancelAt>\d+))?:(?<steps>\d+):(?<digits>[\da-v]*)$/;

export function encode({ deviations, seed, cancel, steps, digits }: Schedule): string {
  const parts = deviations.map(({ kind, at, chosen }) =>
    kind === "tie" ? `t${at}.${chosen}` : `${at}.${chosen < 0 ? `c${-chosen}` : chosen}`,
  );
  const cancelled = cancel === undefined ? "" : `${cancel.by === "signal" ? "!" : "@"}${cancel.at}`;
  return `${VERSION}:${parts.join("-")}:${seed.toString(36)}${cancelled}:${steps}:${digits}`;
}

/** @throws TypeError if it is no such string. */
export function decode(text: string): Schedule {
  const parts = FORM.exec(text)?.groups as Record<"deviations" | "seed" | "steps" | "digits", string> & {
    by?: string;
    cancelAt?: string;
  };
  const deviations = parts?.deviations === "" ? [] : parts?.deviations.split("-").map(toDeviation);
  if (deviations === undefined || deviations.includes(null)) {
    throw new TypeError(
      `Cannot replay ${JSON.stringify(text)}: it is no replay string. Paste the whole of what \`explore\` printed, ` +
        'as in "1:7.3:0:31:k3f2".',
    );
  }
  return {
    deviations: deviations as Deviation[],
    seed: parseInt(parts.seed, 36),
    cancel:
      parts.cancelAt === undefined
        ? undefined
        : { at: Number(parts.cancelAt), by: parts.by === "!" ? "signal" : "deadline" },
    steps: Number(parts.steps),
    digits: parts.digits,
  };
}

function toDeviation(text: string): Deviation | null {
  const parts = /^(?<tie>t?)(?<at>\d+)\.(?<callback>c?)(?<chosen>\d+)$/.exec(text)?.groups;
  if (parts === undefined) return null;
  const chosen = Number(parts["chosen"]);
  return {
    kind: parts["tie"] === "" ? "run" : "tie",
    at: Number(parts["at"]),
    chosen: parts["callback"] === "" ? chosen : -chosen,
  };
}

/** The digits of a schedule: each depends on all the steps up to there, the last one on all. */
export function digitsOf(picked: readonly number[], steps: number = picked.length): string {
  const every = Math.max(1, Math.ceil(steps / MOST_DIGITS));
  let digits = "";
  let hash = 0;
  picked.forEach((number, at) => {
    hash = (Math.imul(hash ^ number, 0x9e3779b1) >>> 15) ^ Math.imul(hash, 31);
    if ((at + 1) % every === 0 || at + 1 === steps) digits += ((hash >>> 3) & 31).toString(32);
  });
  return digits;
}

/** The steps among which two schedules begin to differ, from the last digit that fits on; `null`: nowhere. */
export function firstDifference(
  { steps, digits }: Schedule,
  picked: readonly number[],
): [number, number] | null {
  const every = Math.max(1, Math.ceil(steps / MOST_DIGITS));
  const now = digitsOf(picked, steps);
  for (let at = 0; at < digits.length; at++) {
    if (now[at] !== digits[at]) return [at * every + 1, Math.min(steps, (at + 1) * every)];
  }
  return picked.length === steps ? null : [steps + 1, steps + 1];
}

/** Goes on but where the schedule says otherwise; what does not fit is left out, and `misfit` is the first such. */
export class Script implements Decider {
  misfit: { readonly deviation: Deviation; readonly ready: readonly number[] } | null = null;
  readonly #runs = new Map<number, Deviation>();
  readonly #ties = new Map<number, Deviation>();

  constructor(deviations: readonly Deviation[]) {
    for (const deviation of deviations)
      (deviation.kind === "run" ? this.#runs : this.#ties).set(deviation.at, deviation);
  }

  choose(ready: readonly number[], last: number, step: number): number {
    const deviation = this.#runs.get(step);
    if (deviation === undefined) return goOn(last);
    const at = ready.indexOf(deviation.chosen);
    if (at >= 0) return at;
    this.misfit ??= { deviation, ready: [...ready] };
    return goOn(last);
  }

  tie(count: number, at: number): number {
    const deviation = this.#ties.get(at);
    if (deviation === undefined || deviation.chosen < count) return deviation?.chosen ?? 0;
    this.misfit ??= { deviation, ready: [] };
    return 0;
  }
}
