/**
 * Who has taken which permits in an execution, and whether they came back. A semaphore may also count things, or be a
 * signal: taken by those who consume, given back by those who produce. Then nothing is missing when a task has ended that
 * took and did not give back. So a permit counts as lost only where it is known that it was to come back:
 *
 * - in the reference, which is the same program in the same order, not cancelled, every permit of this semaphore came back
 *   by its guard or by the task that had taken it. Semaphores are told apart by the order in which they are first used,
 *   which is the same up to the cancellation.
 * - or, where there is no reference, some task that was not cancelled gave back itself what it had taken, and only tasks
 *   that were cancelled did not. A limiter's token that is lent to a task itself is known to be that task's alone.
 *
 * And in both cases the semaphore must lack them in the end, and nobody must have given back what he had not taken.
 */
import { CapacityLimiter, currentTask, Semaphore } from "../../index.ts";
import type { Monitor, TaskInfo, WaitInfo } from "../../lowlevel.ts";
import { at, CodePlace } from "../code-place.ts";

interface Held {
  readonly task: TaskInfo;
  readonly hold: object | undefined;
  permits: number;
  readonly step: number;
  readonly place: CodePlace | undefined;
}

/** Where a task was cancelled. */
interface Cancelled {
  /** What it waited for. */
  readonly label: string | undefined;
  /** In which it heard of it. */
  readonly step?: number;
}

/** What became of the permits of one semaphore, or of the tokens of one limiter. */
class Account {
  readonly #resource: Semaphore | CapacityLimiter;
  readonly #atFirst: number;
  #held: Held[] = [];
  /** Of the tasks that gave back what they had taken. */
  readonly #gaveBack = new Set<number>();
  /** Somebody gave back what he had not taken, or took without being a task: it counts something. */
  #counts = false;

  constructor(resource: Semaphore | CapacityLimiter, atFirst: number) {
    this.#resource = resource;
    this.#atFirst = atFirst;
  }

  acquired(task: TaskInfo | null, permits: number, rest: Pick<Held, "hold" | "step" | "place">): void {
    if (task === null) this.#counts = true;
    else this.#held.push({ task, permits, ...rest });
  }

  released(task: TaskInfo | null, permits: number, hold: object | undefined): void {
    let left = permits;
    for (let i = this.#held.length; i-- > 0 && left > 0;) {
      const held = this.#held[i]!;
      if (hold === undefined ? held.task.id !== task?.id : held.hold !== hold) continue;
      const given = Math.min(left, held.permits);
      held.permits -= given;
      left -= given;
      this.#gaveBack.add(held.task.id);
    }
    this.#held = this.#held.filter((held) => held.permits > 0);
    if (left > 0) this.#counts = true;
  }

  get allCameBack(): boolean {
    return !this.#counts && this.#held.length === 0;
  }

  /** `toComeBack`: whether it is known from elsewhere that everything was to. */
  lost(toComeBack: boolean, cancelled: ReadonlyMap<number, unknown>): readonly Held[] {
    const held = this.#held;
    if (this.#counts || held.length === 0) return [];
    if (this.#missing < held.reduce((sum, { permits }) => sum + permits, 0)) return []; // it came back unheard of
    if (toComeBack) return held;
    if (!held.every(({ task }) => cancelled.has(task.id))) return [];
    const known =
      [...this.#gaveBack].some((id) => !cancelled.has(id)) || held.every(({ task }) => this.#isLentTo(task));
    return known ? held : [];
  }

  describe({ permits }: Held): string {
    const what =
      permits > 1 ? `${permits} permits` : this.#resource instanceof Semaphore ? "a permit" : "a token";
    return `${what} of ${this.#resource.title}`;
  }

  get advice(): string {
    const what = this.#resource instanceof Semaphore ? "semaphore" : "limiter";
    return `\`using guard = yield* ${what}.acquire()\` and \`yield* ${what}.with(body)\` give it back whatever happens.`;
  }

  get #missing(): number {
    const resource = this.#resource;
    return resource instanceof Semaphore ? this.#atFirst - resource.available : resource.borrowed;
  }

  #isLentTo({ name }: TaskInfo): boolean {
    return this.#resource instanceof CapacityLimiter && this.#resource.statistics.borrowers.includes(name);
  }
}

export class Permits implements Monitor {
  readonly #step: () => number;
  readonly #places: boolean;
  readonly #accounts = new Map<object, Account>();
  /** How many there were when the execution was cancelled: up to there it was the reference. */
  #shared = Infinity;
  /** The tasks that were cancelled, or of which a part was. */
  readonly #cancelled = new Map<number, Cancelled>();
  /** Where each task waited last, and for what, unless that has come. */
  readonly #waits = new Map<number, { label: string | undefined; readonly place: CodePlace }>();
  // Only where places are wanted: otherwise nobody need hear of every wait.
  readonly wait?: (task: TaskInfo, wait: WaitInfo) => void;
  readonly wake?: (task: TaskInfo) => void;

  /** `step`: the number of the step that is taken. `places`: whether it is to tell where; that costs something. */
  constructor(step: () => number, places: boolean) {
    this.#step = step;
    this.#places = places;
    if (!places) return;
    this.wait = (task, { label }) => void this.#waits.set(task.id, { label, place: new CodePlace() });
    this.wake = ({ id, waitingFor }) => {
      const wait = this.#waits.get(id);
      if (wait !== undefined && waitingFor === undefined) wait.label = undefined; // otherwise it is cancelled
    };
  }

  resource(what: string, resource: object, count: number, task: TaskInfo | null, hold?: object): void {
    if (!(resource instanceof Semaphore) && !(resource instanceof CapacityLimiter)) return;
    let account = this.#accounts.get(resource);
    if (account === undefined) {
      const { available } = resource;
      account = new Account(resource, what === "acquire" ? available + count : available - count);
      this.#accounts.set(resource, account);
    }
    if (what === "acquire") {
      account.acquired(task, count, { hold, step: this.#step(), place: this.#placeOf(task) });
    } else {
      account.released(task, count, hold);
    }
  }

  cancel(task: TaskInfo, phase: "asked" | "delivered" | "done"): void {
    if (phase === "done") return;
    // A timeout of its own is not asked for, only delivered: then its wait has been taken from it.
    const label = this.#places ? (task.waitingFor ?? this.#waits.get(task.id)?.label) : undefined;
    const known = this.#cancelled.get(task.id) ?? { label };
    if (known.step !== undefined) return;
    this.#cancelled.set(task.id, phase === "delivered" ? { ...known, step: this.#step() } : known);
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
  lost(reference: Permits | undefined): { readonly error: Error } | null {
    const before = reference === undefined ? [] : [...reference.#accounts.values()].slice(0, this.#shared);
    const lines = [...this.#accounts.values()].flatMap((account, number) =>
      account.lost(before[number]?.allCameBack ?? false, this.#cancelled).map((held) => {
        const { task, step, place } = held;
        return (
          `${task.name} has ended without having given back ${account.describe(held)}, which it took in step ` +
          `${step}${at(place)}${this.whenCancelled(task.id)}. ${account.advice}`
        );
      }),
    );
    return lines.length === 0 ? null : { error: new Error(lines.join("\n")) };
  }

  /** Who had to wait for it has it in somebody else's step. */
  #placeOf(task: TaskInfo | null): CodePlace | undefined {
    if (!this.#places || task === null) return undefined;
    return currentTask()?.name === task.name ? new CodePlace() : this.#waits.get(task.id)?.place;
  }
}

/** Two who hear the same. */
export function both(one: Monitor, other: Monitor): Monitor {
  const heard = {} as Record<keyof Monitor, (...args: unknown[]) => void>;
  const [first, second] = [one, other] as Partial<typeof heard>[];
  for (const name of EVERYTHING) {
    heard[name] = (...args) => {
      first![name]?.(...args);
      second![name]?.(...args);
    };
  }
  return heard;
}

// An object, so that the compiler asks for whatever a monitor may hear of besides.
const EVERYTHING = Object.keys({
  spawn: true,
  step: true,
  wait: true,
  wake: true,
  cancel: true,
  done: true,
  resource: true,
  job: true,
  report: true,
} satisfies Required<Record<keyof Monitor, true>>) as (keyof Monitor)[];
