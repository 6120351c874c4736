/**
 * Who has taken which permits in an execution, and whether they came back. `Account` says which count as lost: that goes by
 * what the program itself has shown. Where it is cancelled whole, its reference has, which is the same program in the same
 * order, not cancelled. Semaphores are told apart by the order in which they are first used, which is the same up to the
 * cancellation.
 */
import { CapacityLimiter, currentTask, Semaphore } from "../../index.ts";
import type { Monitor, TaskInfo, WaitInfo } from "../../lowlevel.ts";
import { CodePlace } from "../code-place.ts";
import { Account, type Created, type Held, type IsCancelled } from "./account.ts";

/** Permits that were lost. */
export interface Lost {
  /** In words, for each. */
  readonly lines: readonly string[];
  /** The first of them, in words that are the same wherever, and whenever, it was lost. */
  readonly kind: string;
}

/** Where a task was cancelled. */
interface Cancelled {
  /** What it waited for. */
  readonly label: string | undefined;
  /** Whether it was to be cancelled before its first step. */
  readonly early: boolean;
  readonly afterMain: boolean;
  /** In which it heard of it, where steps are counted. */
  readonly step?: number | undefined;
}

export class Permits implements Monitor {
  readonly #step: () => number | undefined;
  readonly #accounts = new Map<object, Account>();
  /** How many there were when the execution was cancelled: up to there it was the reference. */
  #shared = Infinity;
  #main: number | undefined;
  #mainHasEnded = false;
  readonly #created = new Map<number, Created>();
  /** The first step of each task, as a number. */
  readonly #began = new Map<number, number | undefined>();
  /** The tasks that were cancelled, or of which a part was. */
  readonly #cancelled = new Map<number, Cancelled>();
  /** What each task waits for, or has waited for when it is cancelled. */
  readonly #waits = new Map<number, WaitInfo>();
  /** Where each task has waited last for a permit. */
  readonly #places = new Map<number, CodePlace>();
  /** How often something was taken. */
  #taken = 0;

  /** `step`: the number of the step that is taken, where steps are counted. */
  constructor(step: () => number | undefined = () => undefined) {
    this.#step = step;
  }

  spawn(task: TaskInfo, by: TaskInfo | null): void {
    this.#main ??= task.id;
    if (by !== null) this.#created.set(task.id, { by: by.id, order: this.#taken });
  }

  step({ id }: TaskInfo): void {
    if (!this.#began.has(id)) this.#began.set(id, this.#step());
  }

  wait(task: TaskInfo, wait: WaitInfo): void {
    this.#waits.set(task.id, wait);
    const kind = wait.subject?.().kind;
    if (kind === "semaphore" || kind === "limiter") this.#places.set(task.id, new CodePlace());
  }

  wake({ id, waitingFor }: TaskInfo): void {
    if (waitingFor === undefined) this.#waits.delete(id); // otherwise it is cancelled
  }

  cancel(task: TaskInfo, phase: "asked" | "delivered" | "done"): void {
    if (phase === "done") return;
    const known = this.#cancelled.get(task.id) ?? {
      // A timeout of its own is not asked for, only delivered: then its wait has been taken from it.
      label: task.waitingFor ?? this.#waits.get(task.id)?.label,
      early: !this.#began.has(task.id),
      afterMain: this.#mainHasEnded,
    };
    if (known.step !== undefined) return;
    this.#cancelled.set(task.id, phase === "delivered" ? { ...known, step: this.#step() } : known);
  }

  done({ id }: TaskInfo): void {
    if (id === this.#main) this.#mainHasEnded = true;
    this.#waits.delete(id);
    this.#places.delete(id);
  }

  resource(what: string, resource: object, count: number, task: TaskInfo | null, hold?: object): void {
    if (!(resource instanceof Semaphore) && !(resource instanceof CapacityLimiter)) return;
    let account = this.#accounts.get(resource);
    if (account === undefined) {
      const { available } = resource;
      account = new Account(resource, what === "acquire" ? available + count : available - count);
      this.#accounts.set(resource, account);
    }
    if (what === "release") {
      account.released(task, count, hold, task === null ? undefined : this.#created.get(task.id));
    } else if (task === null) {
      account.acquired(null);
    } else {
      const order = ++this.#taken;
      account.acquired({ task, permits: count, hold, order, step: this.#step(), place: this.#placeOf(task) });
    }
  }

  /** The execution is being cancelled: what it uses first from here on, its reference need not have used so. */
  endsShared(): void {
    this.#shared = this.#accounts.size;
  }

  /** Whether it has cancelled a task, or a part of it. */
  hasCancelled(task: number): boolean {
    return this.#cancelled.has(task);
  }

  /** ": it was cancelled in step 4, while it waited for sleep 1 ms", as far as that is known; "" if it was not. */
  whenCancelled(task: number): string {
    const cancelled = this.#cancelled.get(task);
    if (cancelled === undefined) return "";
    const { label, step } = cancelled;
    const when = step === undefined ? "" : ` in step ${step}`;
    return `: it was cancelled${when}${label === undefined ? "" : `, while it waited for ${label}`}`;
  }

  /** What was lost, once everything has ended; `null`: nothing. */
  lost(reference?: Permits): Lost | null {
    const before = reference === undefined ? [] : [...reference.#accounts.values()].slice(0, this.#shared);
    const lines: string[] = [];
    let kind: string | undefined;
    for (const [number, account] of [...this.#accounts.values()].entries()) {
      const known = before[number];
      const lost = known === undefined ? account.lost(this.#how) : account.lostBeside(known, this.#how);
      for (const held of lost) {
        lines.push(this.#inWords(account, held, known));
        kind ??= `${account.describe(held)} lost by ${held.task.name}`;
      }
    }
    return kind === undefined ? null : { lines, kind };
  }

  readonly #how: IsCancelled = ({ id }) => {
    const cancelled = this.#cancelled.get(id);
    return cancelled !== undefined && (cancelled.afterMain ? "after-main" : "in-time");
  };

  #inWords(account: Account, held: Held, reference: Account | undefined): string {
    const { task } = held;
    const what = account.describe(held);
    const other = reference?.handedTo(held.order);
    if (other !== undefined && this.#wasCancelledAtOnce(other)) {
      return (
        `${other.name} has not given back ${what}, which ${task.name} ${account.taken(held)} and which it gives back ` +
        'when nothing is cancelled: it was cancelled at its first step. Create it with `{ start: "always" }`, and give it ' +
        `back in a \`finally\`; or let the task take it, with \`${account.what}.with(body)\`.`
      );
    }
    return (
      `${task.name} has ended without having given back ${what}, which it ${account.taken(held)}` +
      `${this.whenCancelled(task.id)}. \`using guard = yield* ${account.what}.acquire()\` and ` +
      `\`yield* ${account.what}.with(body)\` give it back whatever happens.`
    );
  }

  #wasCancelledAtOnce({ id }: TaskInfo): boolean {
    const cancelled = this.#cancelled.get(id);
    return cancelled?.early === true && cancelled.step === this.#began.get(id);
  }

  /** Who had to wait for it has it in somebody else's step. */
  #placeOf({ id, name }: TaskInfo): CodePlace | undefined {
    return currentTask()?.name === name ? new CodePlace() : this.#places.get(id);
  }
}
