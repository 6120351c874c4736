/**
 * The wait for the next item. A loop has one, used again for each item, so that an item that is there at once costs no
 * object; where it is not, whatever the stage gave is polled in its place. It is a checkpoint in either case, and after many
 * items that were there at once, a turn for others.
 */
import { parkedResult, type Awaitable, type Poll, type Signal } from "../kernel/awaitable.ts";
import type { Runner } from "../kernel/current.ts";
import { InvalidStateError } from "../kernel/errors.ts";
import { notByHand } from "../kernel/misuse.ts";
import { cede } from "../kernel/sleep.ts";
import { enterWait } from "../kernel/wait.ts";
import { PATIENCE, type Pulled } from "./stage.ts";

/** The loop, as its wait sees it. Each of these may throw. */
export interface Pulling {
  /** Asks for an item. */
  pull(): Pulled;
  /** An item was brought, or the end: whether there is one after all, which may take cleanup. */
  pulled(found: boolean): Pulled;
  /** Asking has failed: throws that, perhaps after cleanup. */
  failed(error: unknown): Pulled;
}

const FOUND: IteratorReturnResult<boolean> = { done: true, value: true };
const AT_END: IteratorReturnResult<boolean> = { done: true, value: false };

type Under = Iterator<Signal | undefined, boolean, void>;

export class NextItem implements Awaitable<boolean>, Under {
  readonly #of: Pulling;
  /** What is waited for; `null`: nothing is. */
  #under: Under | null = null;
  /** Whether that is the cleanup after the end, which has the last word. */
  #ending = false;
  #waiter: Runner | null = null;
  /** How many items in a row were there at once. */
  #atOnce = 0;

  constructor(of: Pulling) {
    this.#of = of;
  }

  get label(): string {
    return "the next item";
  }

  [Symbol.iterator](): this {
    if (this.#under === null) return this;
    throw new InvalidStateError(
      `Cannot wait for the next item: ${this.#waiter!.name} waits for it already. Let each task iterate over a source of ` +
        "its own; what several are to share is sent through a channel.",
    );
  }

  next(_sent?: void): Poll<boolean> {
    if (arguments.length === 0) throw notByHand(this.label);
    if (this.#under !== null) return this.#goOn(this.#under);
    const task = enterWait(this);
    if (task === null) return parkedResult;
    this.#waiter = task;
    this.#ending = false;
    let pulled: Pulled;
    try {
      pulled = ++this.#atOnce > PATIENCE ? afterATurn(this.#of) : this.#of.pull();
    } catch (error) {
      return this.#end(() => this.#of.failed(error));
    }
    if (typeof pulled !== "boolean") {
      this.#atOnce = 0;
      return this.#goOn((this.#under = pulled[Symbol.iterator]()));
    }
    return this.#end(() => this.#of.pulled(pulled));
  }

  /** It was cancelled, or its caller is left. */
  return(value?: boolean): Poll<boolean> {
    this.#under = null;
    return { done: true, value: value as boolean };
  }

  #goOn(under: Under): Poll<boolean> {
    let poll: Poll<boolean>;
    try {
      poll = under.next(undefined);
    } catch (error) {
      this.#under = null;
      if (this.#ending) throw error;
      return this.#end(() => this.#of.failed(error));
    }
    if (poll.done !== true) return poll;
    this.#under = null;
    const { value } = poll;
    return this.#ending ? answer(value) : this.#end(() => this.#of.pulled(value));
  }

  #end(ended: () => Pulled): Poll<boolean> {
    const pulled = ended();
    if (typeof pulled === "boolean") return answer(pulled);
    this.#ending = true;
    return this.#goOn((this.#under = pulled[Symbol.iterator]()));
  }
}

function* afterATurn(of: Pulling): Awaitable<boolean> {
  yield* cede();
  const pulled = of.pull();
  return typeof pulled === "boolean" ? pulled : yield* pulled;
}

function answer(found: boolean): Poll<boolean> {
  return found ? FOUND : AT_END;
}
