/**
 * What became of the permits of one semaphore, or of the tokens of one limiter, and which of them are lost. A semaphore may
 * also count things, or be a signal: taken by those who consume, given back by those who produce; and a permit may be kept
 * on purpose. So one counts as lost only where the program itself has shown that it was to come back.
 */
import { CapacityLimiter, Semaphore } from "../../index.ts";
import type { TaskInfo } from "../../lowlevel.ts";
import { at, type CodePlace } from "../code-place.ts";

/** Permits that a task has taken together. */
export interface Held {
  readonly task: TaskInfo;
  /** The guard, where it is known. */
  readonly hold: object | undefined;
  permits: number;
  /** When, as a number that grows. */
  readonly order: number;
  /** In which step, where steps are counted. */
  readonly step: number | undefined;
  readonly place: CodePlace | undefined;
}

/** Who creates a task, and when: by the same numbers as `Held.order`. */
export interface Created {
  readonly by: number;
  readonly order: number;
}

/** For a task: whether it was cancelled, and that while main ran. */
export type IsCancelled = (task: TaskInfo) => "in-time" | "after-main" | false;

/** Of takes that came back: enough for any program that is tested. */
const MOST_EXAMPLES = 64;

export class Account {
  readonly #resource: Semaphore | CapacityLimiter;
  readonly #atFirst: number;
  #held: Held[] = [];
  /** Takes that came back by their guard, or by the task itself. */
  readonly #cameBack: Held[] = [];
  /** Which task gave back what the one had taken that created it, by the order of that. */
  readonly #handed = new Map<number, TaskInfo>();
  /** Somebody gave back what he had not taken, or took without being a task: it counts something. */
  #counts = false;

  constructor(resource: Semaphore | CapacityLimiter, atFirst: number) {
    this.#resource = resource;
    this.#atFirst = atFirst;
  }

  acquired(held: Held | null): void {
    if (held === null) this.#counts = true;
    else this.#held.push(held);
  }

  /** `created`: how the task that gives back came to be, where that is known. */
  released(task: TaskInfo | null, permits: number, hold?: object, created?: Created): void {
    let left = permits;
    for (let i = this.#held.length; i-- > 0 && left > 0;) {
      const held = this.#held[i]!;
      if (hold === undefined ? held.task.id !== task?.id : held.hold !== hold) continue;
      left -= give(held, left);
      if (held.permits === 0 && this.#cameBack.length < MOST_EXAMPLES) this.#cameBack.push(held);
    }
    if (left > 0 && hold === undefined && task !== null && created !== undefined) {
      left -= this.#fromCreator(task, left, created);
    }
    this.#held = this.#held.filter((held) => held.permits > 0);
    if (left > 0) this.#counts = true;
  }

  get allCameBack(): boolean {
    return !this.#counts && this.#held.length === 0;
  }

  /** Who gave back what was taken then, though another had taken it. */
  handedTo(order: number): TaskInfo | undefined {
    return this.#handed.get(order);
  }

  /**
   * In a program that was cancelled whole, of which the same account is known when it was not: if everything came back then,
   * by its guard, by the task that had taken it, or by one that this one had created for it, everything was to.
   */
  lostBeside(reference: Account, isCancelled: IsCancelled): readonly Held[] {
    return reference.allCameBack && this.#isShort ? this.#held : this.#lentForEver(isCancelled);
  }

  /**
   * In any other program: what a cancelled task took in the same line, called from the same lines, as others did that were
   * not cancelled, all of whom gave it back themselves. Cancelled when main had ended, it need not give back anything.
   */
  lost(isCancelled: IsCancelled): readonly Held[] {
    const lent = this.#lentForEver(isCancelled);
    if (lent.length > 0 || !this.#isShort || this.#handed.size > 0) return lent;
    if (!this.#held.every(({ task }) => isCancelled(task) !== false)) return [];
    const cancelled = this.#held.filter(({ task }) => isCancelled(task) === "in-time");
    if (cancelled.length === 0) return [];
    const shown = this.#cameBack.filter(({ task }) => !isCancelled(task)).map(({ place }) => pathOf(place));
    return cancelled.filter(({ place }) => pathOf(place) !== "" && shown.includes(pathOf(place)));
  }

  describe({ permits }: Held): string {
    const what =
      permits > 1 ? `${permits} permits` : this.#resource instanceof Semaphore ? "a permit" : "a token";
    return `${what} of ${this.#resource.title}`;
  }

  /** "which it took in step 2 at app.ts:4:5" */
  taken({ step, place }: Held): string {
    return `took${step === undefined ? "" : ` in step ${step}`}${at(place)}`;
  }

  get what(): "semaphore" | "limiter" {
    return this.#resource instanceof Semaphore ? "semaphore" : "limiter";
  }

  /** Tokens that were lent to a task itself, and that nobody else can have, now that all tasks have ended. */
  #lentForEver(isCancelled: IsCancelled): readonly Held[] {
    if (!(this.#resource instanceof CapacityLimiter) || !this.#isShort) return [];
    const { borrowers } = this.#resource.statistics;
    return this.#held.filter(
      ({ task }) => borrowers.includes(task.name) && isCancelled(task) !== "after-main",
    );
  }

  /** Whether what was taken, and not seen to come back, is missing: a callback of the host gives back unseen. */
  get #isShort(): boolean {
    if (this.#counts || this.#held.length === 0) return false;
    const resource = this.#resource;
    const missing = resource instanceof Semaphore ? this.#atFirst - resource.available : resource.borrowed;
    return missing >= this.#held.reduce((sum, { permits }) => sum + permits, 0);
  }

  /** Takes from what its creator took last before it; once, since one who gives back more is a consumer. */
  #fromCreator(task: TaskInfo, permits: number, created: Created): number {
    const mine = this.#held.filter(({ task: { id }, order }) => id === created.by && order <= created.order);
    const held = mine.reverse().find((one) => this.#isOpenTo(task, one));
    if (held === undefined) return 0;
    this.#handed.set(held.order, task);
    return give(held, permits);
  }

  #isOpenTo(task: TaskInfo, { order }: Held): boolean {
    for (const [other, { id }] of this.#handed) if ((id === task.id) !== (other === order)) return false;
    return true;
  }
}

function give(held: Held, permits: number): number {
  const given = Math.min(permits, held.permits);
  held.permits -= given;
  return given;
}

/** "" where it is not known: such ones cannot be compared. */
function pathOf(place: CodePlace | undefined): string {
  return place?.path ?? "";
}
