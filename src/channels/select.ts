/**
 * Waits for several things at once, and takes exactly one of them. They share one claim: whoever ends one of the
 * waits has ended all, and a giver that comes to another one of them is refused, and goes on to the next waiter; so
 * nothing is taken and then dropped, as it would be if each were raced in a task of its own.
 */
import type { Awaitable, Poll } from "../kernel/awaitable.ts";
import { Lazy } from "../kernel/awaitable.ts";
import type { Runner } from "../kernel/current.ts";
import { Outcome } from "../kernel/future.ts";
import { isGenerator } from "../kernel/generator.ts";
import { describe } from "../kernel/misuse.ts";
import { dropClaimed } from "../kernel/unwind.ts";
import { Wait, type Subject } from "../kernel/wait.ts";
import { Arm } from "./arm.ts";

/** What was selected: of an array its index, of a record its key; and the value that it ended with. */
export type Selected<Items> = Items extends readonly unknown[]
  ? {
      [Index in keyof Items]: {
        readonly index: Index extends `${infer N extends number}` ? N : number;
        readonly value: ValueOf<Items[Index]>;
      };
    }[number]
  : { [Key in keyof Items]: { readonly key: Key; readonly value: ValueOf<Items[Key]> } }[keyof Items];

type ValueOf<Item> = Item extends Awaitable<infer T> ? T : never;

/** How `select` chooses where several could be taken at once. */
export interface SelectOptions {
  /** `"fair"`: any of them, so that none is passed over for ever (unless given); `"listed"`: the first of the list. */
  order?: "fair" | "listed";
}

/**
 * Waits until one of several waits can end, and ends that one alone; the others are taken back as if they had never
 * begun. Each is a single wait: `channel.send(x)`, `channel.receive()`, `lock.acquire()`, `event.wait()`, `sleep(ms)`,
 * a task, a future, `until(promise)`, a wait made with `park`. A coroutine is none: start it as a task, and wait for that,
 * or use `race`, which starts what it is given.
 *
 * @throws what the wait that ends throws; TypeError for what is no wait; RangeError if there are none.
 * @example
 * ```ts
 * import { createTask, Future, run, select, sleep } from "cede";
 *
 * await run(function* () {
 *   const answer = new Future<string>("the answer");
 *   createTask(function* () {
 *     yield* sleep(5);
 *     answer.setResult("42");
 *   });
 *   const first = yield* select({ answer, tooLate: sleep(1000) });
 *   if (first.key === "answer") console.log(first.value); // prints: 42
 * });
 * ```
 */
export function select<
  const Items extends readonly Awaitable<unknown>[] | Readonly<Record<string, Awaitable<unknown>>>,
>(items: Items, { order = "fair" }: SelectOptions = {}): Awaitable<Selected<Items>> {
  if (typeof items !== "object" || items === null || (Symbol.iterator in items && !Array.isArray(items))) {
    throw new TypeError(`Cannot select from ${describe(items)}: it takes an array or a record of waits.`);
  }
  if (order !== "fair" && order !== "listed") {
    throw new TypeError(`Cannot select in the order ${describe(order)}: it is "fair" or "listed".`);
  }
  // Copies: what is changed later is not waited for.
  const keys = Array.isArray(items) ? null : Object.keys(items);
  const list = Object.values(items) as Awaitable<unknown>[];
  if (list.length === 0) {
    throw new RangeError(
      "Cannot select from no waits: none would ever end. Look first whether there are any.",
    );
  }
  return new Lazy(() => new Select<Selected<Items>>(list, keys, order === "fair"));
}

class Select<Winner> extends Wait<Winner> {
  readonly #items: readonly Awaitable<unknown>[];
  readonly #keys: readonly string[] | null;
  readonly #fair: boolean;
  #arms: Arm[] = [];
  #winner: Arm | null = null;

  constructor(items: readonly Awaitable<unknown>[], keys: readonly string[] | null, fair: boolean) {
    super();
    this.#items = items;
    this.#keys = keys;
    this.#fair = fair;
  }

  get label(): string {
    return `the first of ${this.#arms.map(({ of }) => of.label).join(", ")}`;
  }
  override subject(): Subject {
    return { kind: "select" };
  }
  override get external(): boolean {
    return this.#arms.some(({ of }) => of.external);
  }

  override next(_sent?: void): Poll<Winner> {
    let poll: Poll<unknown>;
    try {
      poll = arguments.length === 0 ? super.next() : super.next(undefined);
      if (poll.done !== true) return poll;
      poll = this.#winner!.of.next(undefined);
    } finally {
      if (!this.pending) this.abort(); // of those that were not selected
    }
    const { index } = this.#winner!;
    const { value } = poll;
    return {
      done: true,
      value: (this.#keys === null ? { index, value } : { key: this.#keys[index], value }) as Winner,
    };
  }

  protected begin(): boolean {
    const task = this.task!;
    const won = (arm: Arm): void => this.#won(arm);
    this.#arms = this.#items.map((item, index) => new Arm(task, waitOf(item), index, won));
    try {
      for (const arm of this.#fair ? shuffled(this.#arms, task) : this.#arms) {
        if (arm.of.beginFor(arm)) this.#won(arm);
        else arm.begun = true;
        if (this.#winner !== null) return this.ready(undefined as Winner);
      }
    } catch (error) {
      this.abort();
      throw error;
    }
    return false;
  }

  override cancel(): void {
    super.cancel();
    for (const { of } of this.#arms) of.cancel();
  }

  /** Undoes what those have arranged that did not win; once for each. */
  abort(): void {
    for (const arm of this.#arms) {
      if (!arm.begun || arm === this.#winner) continue;
      arm.begun = false;
      arm.of.cancel();
      dropClaimed(this.task!, arm.of);
    }
  }

  #won(winner: Arm): void {
    if (this.#winner !== null) return;
    this.#winner = winner;
    // The claims are taken now, so that nobody gives them anything; what they have arranged is undone in the task's step.
    for (const arm of this.#arms) if (arm !== winner) arm.of.cancel();
    this.complete(undefined as Winner);
  }
}

function waitOf(item: Awaitable<unknown>): Wait<unknown> {
  if (item instanceof Outcome) return item.join();
  const wait: unknown =
    typeof item === "object" && item !== null && Symbol.iterator in item ? item[Symbol.iterator]() : item;
  if (wait instanceof Wait) return wait as Wait<unknown>;
  throw new TypeError(
    `Cannot select from ${describe(item)}: it is no single wait${
      isGenerator(item)
        ? ". Start it as a task and wait for the task, or use `race`."
        : ", as `channel.receive()`, `event.wait()`, `sleep(ms)`, a task and a future are."
    }`,
  );
}

/** In an order that nobody can rely on; in tests the one that is to be tried. */
function shuffled(arms: readonly Arm[], task: Runner): Arm[] {
  const left = [...arms];
  const draw = (count: number): number => task.loop.tie?.(count) ?? Math.floor(Math.random() * count);
  return arms.map(() => left.splice(left.length === 1 ? 0 : draw(left.length), 1)[0]!);
}
