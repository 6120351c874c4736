/**
 * Several things at once, as one wait: what is not a task or a future already is started, in a group of its own. Once
 * the matter is decided, whatever of that still runs is cancelled, and its cleanup awaited.
 */
import type { Awaitable } from "../kernel/awaitable.ts";
import { Outcome } from "../kernel/future.ts";
import type { Task } from "../kernel/task.ts";
import { Group } from "../structure/group.ts";
import { scoped } from "../structure/scoped.ts";
import { orCancel } from "../structure/wait-for.ts";
import { observe, type Startable } from "./items.ts";
import { Settling, type Question } from "./settling.ts";
import type { Shape } from "./shape.ts";

/** What is asked, and what it means when no end has decided it. */
export interface Rule extends Question {
  readonly name: string;
  /** Whether each item's failure counts, also beside another and while it is cancelled; otherwise cleanup's alone. */
  readonly allFailures?: boolean;
  /** The error where all have settled, and none decides. */
  undecided?(outcomes: readonly Outcome<unknown>[]): unknown;
}

export interface Decision {
  /** In the order of the items. */
  readonly outcomes: readonly Outcome<unknown>[];
  /** The one that has decided it, with a result. */
  readonly decisive: Outcome<unknown> | null;
}

/** `cancel`: tasks and futures that were passed in are cancelled and awaited as what was started. */
export function together(rule: Rule, { list, options }: Shape, cancel: boolean = false): Awaitable<Decision> {
  return scoped(
    () => new Together(rule),
    (group) => group.await(list, cancel),
    options,
  );
}

/** What was passed in is cancelled also where this is cancelled before it begins to wait. */
const ALWAYS = { start: "always" } as const;

class Together extends Group implements Decision {
  readonly outcomes: Outcome<unknown>[] = [];
  decisive: Outcome<unknown> | null = null;
  readonly #rule: Rule;
  /** The one whose end has brought the decision. */
  #last: Outcome<unknown> | null = null;

  constructor(rule: Rule) {
    super(rule.name);
    this.#rule = rule;
  }

  *await(items: readonly Startable<unknown>[], cancel: boolean): Generator<never, Decision, void> {
    for (const item of items) {
      observe(item);
      const isOutcome = item instanceof Outcome;
      if (isOutcome && (item.done || !cancel)) this.outcomes.push(item);
      else this.outcomes.push(isOutcome ? this.createTask(orCancel(item), ALWAYS) : this.createTask(item));
    }
    const settling = new Settling(this.label, this.outcomes, this.#rule, (decisive, last) =>
      this.#decide(decisive, last),
    );
    yield* settling as unknown as Iterable<never>;
    return this;
  }

  #decide(decisive: Outcome<unknown> | null, last: Outcome<unknown> | null): void {
    this.decisive = decisive;
    this.#last = last;
    if (decisive === null) {
      if (this.#rule.undecided !== undefined) this.fail(this.#rule.undecided(this.outcomes));
    } else if (decisive.succeeded) {
      this.cancel(`${this.label} has its result`);
    } else {
      this.fail(decisive.rejection());
    }
  }

  /** The wait was the checkpoint: what it has given is not taken back. */
  protected override nobodyLeft(): boolean {
    return false;
  }

  /** An item that fails is asked about; what counts here is what comes after an error, and cleanup. */
  protected override childFailed(child: Task<unknown>, unwound: boolean): void {
    if (child === this.#last) return;
    const inCleanup = unwound && (this.cancelled || this.outerCancelled());
    if (this.#rule.allFailures === true || inCleanup || this.failing) this.fail(child.error());
  }
}
