/**
 * The one wait of all that await several at once: until one of some outcomes decides the matter, or all have
 * settled. What decides it is whoever comes first; of those that are done already, the first in order.
 */
import type { Awaitable } from "../kernel/awaitable.ts";
import type { Enders, Runner } from "../kernel/current.ts";
import { Future, Listener, type Outcome } from "../kernel/future.ts";
import { Wait, type Subject } from "../kernel/wait.ts";

export interface Question {
  /** Whether this end decides the matter. */
  decides(outcome: Outcome<unknown>): boolean;
  /** Whether it goes on only with all of them, as far as anybody can tell: one that never ends holds it up. */
  readonly takesAll: boolean;
}

const FUTURES_NAMED = 3;

export class Settling extends Wait<void> implements Awaitable<void> {
  readonly #what: string;
  readonly #outcomes: readonly Outcome<unknown>[];
  readonly #question: Question;
  readonly #onEnd: (decisive: Outcome<unknown> | null, last: Outcome<unknown> | null) => void;
  #left: number;
  #external = false;
  /** How to let go of those that have not settled. */
  #listeners: Map<Listener, Outcome<unknown>> | null = null;

  /**
   * `onEnd` is called at once when it ends, with what has decided it, if anything has, and what has settled last.
   * `what`: who waits, for the label.
   */
  constructor(
    what: string,
    outcomes: readonly Outcome<unknown>[],
    question: Question,
    onEnd: (decisive: Outcome<unknown> | null, last: Outcome<unknown> | null) => void = () => {},
  ) {
    super();
    this.#what = what;
    this.#outcomes = outcomes;
    this.#question = question;
    this.#onEnd = onEnd;
    this.#left = outcomes.length;
  }

  [Symbol.iterator](): this {
    return this;
  }

  /** Tasks are listed wherever this is; futures would be seen nowhere else. */
  get label(): string {
    const futures = this.#outcomes.filter((outcome) => outcome instanceof Future && !outcome.done);
    const some = futures.slice(0, FUTURES_NAMED).map(({ label }) => label);
    if (futures.length > FUTURES_NAMED) some.push("…");
    const named = some.length === 0 ? "" : `: ${some.join(", ")}`;
    return `${this.#what}, ${this.#left} of ${this.#outcomes.length} left${named}`;
  }
  override subject(): Subject {
    return { kind: "tasks" };
  }
  override get external(): boolean {
    return this.#external;
  }

  protected begin(): boolean {
    const { loop } = this.task!;
    const pending = this.#outcomes.filter((outcome) => !outcome.done);
    const decisive = this.#outcomes.find((outcome) => outcome.done && this.#question.decides(outcome));
    this.#left = pending.length;
    if (decisive !== undefined || pending.length === 0) {
      this.#onEnd(decisive ?? null, null);
      return this.ready();
    }
    this.#external = pending.some((outcome) => outcome.external || outcome.loop !== loop);
    this.#listeners = new Map();
    for (const outcome of pending) {
      const listener = new Listener(() => this.#settled(listener, outcome));
      this.#listeners.set(listener, outcome);
      outcome.subscribe(listener);
    }
    if (this.#question.takesAll) loop.suspect(this.task!, this);
    return false;
  }

  override enders(): Enders | null {
    if (this.#external || !this.#question.takesAll) return null;
    return { tasks: this.#outcomes.filter((outcome) => !outcome.done) as unknown[] as Runner[], any: false };
  }

  abort(): void {
    for (const [listener, outcome] of this.#listeners!) outcome.unsubscribe(listener);
  }

  #settled(listener: Listener, outcome: Outcome<unknown>): void {
    this.#left--;
    this.#listeners!.delete(listener);
    const decisive = this.#question.decides(outcome);
    if ((!decisive && this.#left > 0) || !this.complete()) return;
    this.abort();
    this.#onEnd(decisive ? outcome : null, outcome);
  }
}
