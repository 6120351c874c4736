/**
 * Whether a history of overlapping operations could have been made by a sequential model: each operation took effect at
 * one moment between its call and its return. The search is Wing and Gong's, and remembers where it has been: after
 * the same operations, in the same state, there is nothing new.
 */
import type { Awaitable } from "../../src/index.ts";

/** What was asked, by whom, what came of it, and when. */
export interface Operation<Input, Result> {
  readonly by: string;
  readonly input: Input;
  /** `"cancelled"`: it was unwound, and must have had no effect. */
  readonly result: Result | "cancelled";
  readonly called: number;
  readonly returned: number;
}

/** What a primitive does if nobody disturbs it. */
export interface Model<State, Input, Result> {
  readonly initial: State;
  /** The state after the operation; `null` if it cannot give that result in this state. Never asked of what was cancelled. */
  step(
    state: State,
    operation: Operation<Input, Result> & { readonly result: Result },
  ): { readonly state: State } | null;
  /** The same text for the same state. */
  key?(state: State): string;
}

/** What happened, in the order of calls and returns. */
export class History<Input, Result> {
  readonly operations: Operation<Input, Result>[] = [];
  #moment = 0;

  /** Does an operation that may wait, and notes it. */
  *record(by: string, input: Input, operation: Awaitable<Result>): Awaitable<Result> {
    const called = this.#moment++;
    let result: Result | "cancelled" = "cancelled";
    try {
      result = yield* operation;
      return result;
    } finally {
      this.operations.push({ by, input, result, called, returned: this.#moment++ });
    }
  }

  /** Does an operation that never waits, and notes it. */
  note(by: string, input: Input, operation: () => Result): Result {
    const called = this.#moment++;
    const result = operation();
    this.operations.push({ by, input, result, called, returned: this.#moment++ });
    return result;
  }

  /** @throws Error with the history, if no order of its operations fits the model. */
  check<State>(model: Model<State, Input, Result>): void {
    if (isLinearizable(this.operations, model)) return;
    const lines = this.operations
      .toSorted((a, b) => a.called - b.called)
      .map(
        ({ by, input, result, called, returned }) =>
          `${called}–${returned} ${by}: ${JSON.stringify(input)} gives ${JSON.stringify(result) ?? "undefined"}`,
      );
    throw new Error(`No order of these operations fits the model:\n  ${lines.join("\n  ")}`);
  }
}

export function isLinearizable<State, Input, Result>(
  operations: readonly Operation<Input, Result>[],
  model: Model<State, Input, Result>,
): boolean {
  const left = operations.filter(({ result }) => result !== "cancelled") as (Operation<Input, Result> & {
    result: Result;
  })[];
  left.sort((a, b) => a.called - b.called);
  const key = model.key?.bind(model) ?? ((state: State) => JSON.stringify(state) ?? "undefined");
  const dead = new Set<string>();
  const done = left.map(() => false);
  let count = 0;
  const search = (state: State): boolean => {
    if (count === left.length) return true;
    const place = `${done.map(Number).join("")} ${key(state)}`;
    if (dead.has(place)) return false;
    // What was called after another had returned comes after it.
    const firstReturn = Math.min(...left.filter((_, at) => !done[at]).map(({ returned }) => returned));
    for (const [at, operation] of left.entries()) {
      if (done[at] || operation.called > firstReturn) continue;
      const next = model.step(state, operation);
      if (next === null) continue;
      done[at] = true;
      count++;
      if (search(next.state)) return true;
      done[at] = false;
      count--;
    }
    dead.add(place);
    return false;
  };
  return search(model.initial);
}
