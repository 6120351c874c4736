/**
 * The platform's timers that a program has set, and those of them that still stand. Whether one has rung, or was cleared,
 * by whomever and whenever, its handle tells, on Node and where handles are as Node's; of others nothing is told. One that
 * does not keep the process (`unref`) is meant to be left.
 */
import type { Task } from "../index.ts";
import { at, type CodePlace } from "./code-place.ts";

export type TimerName = "setTimeout" | "setInterval" | "setImmediate";

/** A timer of the platform that the program has set. */
export interface RealTimer {
  readonly name: TimerName;
  /** The task that has set it; `undefined`: a callback. */
  readonly task: Task<unknown> | undefined;
  /** For how long, if it was told. */
  readonly ms: unknown;
  readonly place: CodePlace;
  readonly handle: unknown;
}

/** Its members as Node has them; where they are not, it cannot be told whether the timer stands. */
interface Handle {
  readonly _destroyed?: boolean;
  hasRef?(): boolean;
}

const MANY = 64;

const platform = globalThis as unknown as Record<string, (timer: unknown) => void>;

export class RealTimers {
  #set: RealTimer[] = [];
  #many = MANY;

  add(timer: RealTimer): void {
    this.#set.push(timer);
    if (this.#set.length < this.#many) return;
    this.#set = this.left;
    this.#many = Math.max(MANY, 2 * this.#set.length);
  }

  /** Those that stand. */
  get left(): RealTimer[] {
    return this.#set.filter(({ handle }) => stands(handle as Handle));
  }

  clear(): void {
    this.#set = [];
  }
}

function stands(handle: Handle | null | undefined): boolean {
  return handle?._destroyed === false && handle.hasRef?.() !== false;
}

/** In words: "poll#2 has not cleared an interval of 1000 ms that it set at app.ts:4:5". */
export function told({ name, task, ms, place }: RealTimer): string {
  const what = { setTimeout: "a timeout", setInterval: "an interval", setImmediate: "an immediate" }[name];
  const length = name === "setImmediate" || typeof ms !== "number" ? "" : ` of ${ms} ms`;
  const known = at(place);
  return `${task?.name ?? "a callback"} has not cleared ${what}${length} (\`${name}\`)${known === "" ? "" : ` that it set${known}`}`;
}

/** Clears them: they are told of, and are not to ring in another test. */
export function clearAll(timers: readonly RealTimer[]): void {
  for (const { name, handle } of timers) platform[name.replace("set", "clear")]!(handle);
}
