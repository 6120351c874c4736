/** Forces an order on pieces of code in several tasks. It stands on the public interface alone. */
import { cancelScope, coroutine, currentTask, InvalidStateError, type Awaitable } from "../index.ts";
import { park, type ParkedWait } from "../lowlevel.ts";

/** What the coroutine and the sequencer share. */
class Positions {
  /** The one whose turn it is. */
  next = 0;
  readonly taken = new Map<number, string>();
  readonly waits = new Map<number, ParkedWait<void>>();
  /** Why no position is reached any more. */
  broken: string | null = null;

  take(position: number): void {
    if (!Number.isInteger(position) || position < 0) {
      throw new RangeError(`Cannot wait for position ${position}: positions are whole numbers, from 0 on.`);
    }
    const taker = this.taken.get(position);
    if (taker !== undefined) {
      throw new InvalidStateError(
        `Cannot wait for position ${position}: ${taker} has taken it. Each is for one piece of code.`,
      );
    }
    this.taken.set(position, currentTask()!.name);
  }

  reach(position: number): Awaitable<void> {
    const label = (): string =>
      `position ${position} of a sequencer, which is at ${this.next} (${this.taken.get(this.next) ?? "nobody has taken it"})`;
    return park<void>({ label, external: false }, (wait) => {
      if (this.broken !== null) throw this.unreachable(position);
      if (position === this.next) wait.complete();
      else this.waits.set(position, wait);
      return () => this.waits.delete(position);
    });
  }

  over(): void {
    this.next++;
    const wait = this.waits.get(this.next);
    this.waits.delete(this.next);
    wait?.complete();
  }

  break(position: number): void {
    this.broken ??= `${this.taken.get(position)} was cancelled before it reached position ${position}`;
    for (const [later, wait] of this.waits) wait.fail(this.unreachable(later));
    this.waits.clear();
  }

  unreachable(position: number): InvalidStateError {
    return new InvalidStateError(`Cannot reach position ${position}: ${this.broken}.`);
  }
}

/**
 * Brings pieces of code in several tasks into one order: `yield* sequencer.at(n)` waits until the pieces at all
 * positions before `n` are over. For tests of what happens when things come just so.
 *
 * @example
 * ```ts
 * import { taskGroup } from "cede";
 * import { runTest, Sequencer } from "cede/testing";
 *
 * const order = new Sequencer();
 * await runTest(() =>
 *   taskGroup(function* (group) {
 *     group.createTask(function* () {
 *       yield* order.at(1);
 *       console.log("then this");
 *       yield* order.at(2);
 *     });
 *     group.createTask(function* () {
 *       yield* order.at(0);
 *       console.log("first this");
 *       yield* order.at(3);
 *       console.log("and this last");
 *     });
 *   }),
 * );
 * // prints: first this
 * // prints: then this
 * // prints: and this last
 * ```
 */
export class Sequencer {
  readonly #positions = new Positions();

  /**
   * Waits for its turn, from 0 on, and runs `body`; then it is the next one's turn, however `body` has ended. Without
   * a body the piece of code is what follows, up to where the task next gives way.
   *
   * @throws InvalidStateError if the position is taken already, or can no longer be reached since who was to come
   * before was cancelled; RangeError if it is no position; what `body` throws.
   */
  at(position: number): Awaitable<void>;
  at<T>(position: number, body: () => Awaitable<T>): Awaitable<T>;
  at(position: number, body?: () => Awaitable<unknown>): Awaitable<unknown> {
    return piece(this.#positions, position, body);
  }
}

const piece = coroutine(function* at(
  positions: Positions,
  position: number,
  body: (() => Awaitable<unknown>) | undefined,
): Awaitable<unknown> {
  positions.take(position);
  let reached = false;
  try {
    yield* positions.reach(position);
    reached = true;
    if (body !== undefined) return (yield* cancelScope(body)).value;
  } finally {
    if (reached) positions.over();
    else if (positions.broken === null) positions.break(position);
  }
  return undefined;
});
