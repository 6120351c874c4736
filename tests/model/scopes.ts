/** Scopes that do something of their own: the run, groups and others that own tasks, and timeouts. */
import {
  cancelled,
  describe,
  Problem,
  Scope,
  type Ending,
  type Failure,
  type Machine,
  type Owner,
  type Steps,
  type Task,
} from "./machine.ts";
import { OUTSIDE } from "./story.ts";

/** The root: it owns what belongs to no group, and ends when main has, and all that main left behind. */
export class Run extends Scope implements Owner {
  readonly #machine: Machine;
  main: Task | null = null;
  #problem: Problem | null = null;
  /** What was on its way in main when the first problem came that is nobody's. */
  #earlier: readonly Problem[] = [];
  /** How many failures wait for somebody to observe them. */
  #unobserved = 0;

  constructor(machine: Machine) {
    super(null, null);
    this.#machine = machine;
  }

  get ended(): boolean {
    return this.inner.length === 0 && this.#unobserved === 0;
  }

  childEnded(child: Task): void {
    const { failure } = child;
    if (child === this.main) {
      if (failure !== null) this.#keep(failure.problem);
      this.#machine.cancel(this, undefined);
    } else if (failure !== null && !child.observed) {
      // Whoever is ready now has a step to become its observer.
      this.#unobserved++;
      const earlier = [...this.main!.leaving];
      this.#machine.call(() => {
        if (!child.observed) this.fail(failure.problem, earlier);
        this.#unobserved--;
      });
    }
  }

  fail(problem: Problem, earlier: readonly Problem[]): void {
    if (this.#problem === null) this.#earlier = earlier;
    this.#keep(problem);
    this.#machine.cancel(this.main!, problem);
  }

  #keep(problem: Problem): void {
    const before = this.#problem;
    if (before === null || this.#earlier.includes(problem)) this.#problem = problem;
    if (before !== null) this.#machine.suppress(this.#problem!, this.#problem === problem ? before : problem);
  }

  outcome(abortedOutside: boolean): string {
    if (this.#problem !== null) return describe(this.#problem);
    const { ending } = this.main!;
    if (ending?.how === "value") return `result ${String(ending.value)}`;
    return abortedOutside ? OUTSIDE : describe(cancelled("main", this.main!.cancelled!));
  }
}

export class Group extends Scope implements Owner {
  readonly name: string;
  protected readonly machine: Machine;
  /** Its tasks that have not ended. */
  alive = 0;
  failure: Failure | null = null;
  /** Whether a cancellation from further out had come when its last task ended. */
  overtaken = false;
  /** Whether its body's own wait was its checkpoint. */
  waitsItself = false;
  whenEmpty: () => void = () => {};

  constructor(name: string, outer: Scope, machine: Machine) {
    super(outer, machine.running);
    this.name = name;
    this.machine = machine;
  }

  /** The first failure cancels the others, and the body. */
  fail(failure: Failure | null): void {
    this.machine.cancel(this, failure?.problem);
    if (failure === null || this.failure === null) {
      this.failure ??= failure;
      return;
    }
    // Which one is the first is told by when they reach the group; the body's may have been on its way longer.
    this.machine.suppress(this.failure.problem, failure.problem);
    this.failure = { problem: this.failure.problem, since: Math.min(this.failure.since, failure.since) };
  }

  childEnded(child: Task): void {
    if (child.failure !== null) this.fail(this.machine.failure(child.failure.problem));
    this.oneLess();
  }

  oneLess(): void {
    if (--this.alive > 0) return;
    this.overtaken = this.machine.target(this.outer) !== null;
    this.whenEmpty();
  }
}

/** Its tasks fail alone: of a failure that nobody observes it tells, and ends no earlier. */
export class Supervision extends Group {
  override childEnded(child: Task): void {
    const { failure } = child;
    if (failure === null || child.observed) return this.oneLess();
    this.machine.call(() => {
      if (!child.observed) this.machine.report("task-failed", failure.problem);
      this.oneLess();
    });
  }
}

/** Starts tasks, as many at a time as it may, and keeps their ends until they are asked for. */
export class Completions extends Scope implements Owner {
  readonly #machine: Machine;
  readonly #concurrency: number;
  readonly #toStart: (() => Task)[] = [];
  readonly #ended: Task[] = [];
  alive = 0;
  stopped = false;
  /** The first of a cleanup, once nobody asks any more. */
  failure: Failure | null = null;
  /** Whoever asks, or waits for the last one's end. */
  whenOneEnded: () => void = () => {};
  whenEmpty: () => void = () => {};

  constructor(concurrency: number, outer: Scope, machine: Machine) {
    super(outer, machine.running);
    this.#machine = machine;
    this.#concurrency = concurrency;
  }

  start(bodies: readonly (() => Steps)[]): void {
    for (const body of bodies) this.#toStart.push(() => this.#machine.create("begin", this, body));
    this.#startMore();
  }

  #startMore(): void {
    while (this.alive < this.#concurrency && this.#toStart.length > 0) {
      this.alive++;
      const task = this.#toStart.shift()!();
      task.observed = true;
      task.whenEnded.push(() => {
        if (this.stopped) return;
        this.#ended.push(task);
        this.whenOneEnded();
      });
    }
  }

  /** The first to have ended that nobody has taken. */
  take(): Task | undefined {
    return this.#ended.shift();
  }

  /** Nobody asks any more. */
  stop(): void {
    const machine = this.#machine;
    this.stopped = true;
    this.#toStart.length = 0;
    for (const { failure } of this.#ended)
      if (failure !== null) machine.report("late-error", failure.problem);
    if (this.alive > 0) machine.cancel(this, "nobody awaits what is completed next");
  }

  childEnded(child: Task): void {
    this.alive--;
    if (this.stopped && child.failure !== null) {
      this.failure = this.#machine.merge(this.failure, this.#machine.failure(child.failure.problem));
    }
    if (this.alive === 0) this.whenEmpty();
    this.#startMore();
  }
}

/** Owns the task that holds a resource: it acquires, provides, and when the use is over releases. */
export class Use extends Scope implements Owner {
  readonly #machine: Machine;
  alive = 1;
  /** Whether whoever uses it is being left. */
  useLeft = false;
  provided = false;
  failure: Failure | null = null;
  /** Ends the wait of whoever acquires; `null` once it has ended. */
  acquired: ((ending: () => Ending) => void) | null = null;
  /** Ends the use. */
  over: (() => void) | null = null;
  whenEmpty: () => void = () => {};

  constructor(outer: Scope, machine: Machine) {
    super(outer, machine.running);
    this.#machine = machine;
  }

  /** Ends the wait of whoever acquires. False if nobody waits any more. */
  acquire(ending: () => Ending): boolean {
    const { acquired } = this;
    this.acquired = null;
    acquired?.(ending);
    return acquired !== null;
  }

  childEnded({ name, failure, ending, cancelled: cancellation }: Task): void {
    const machine = this.#machine;
    this.alive = 0;
    if (failure !== null) {
      if (!this.acquire(() => machine.error(failure.problem)))
        this.failure = machine.failure(failure.problem);
    } else if (!this.provided) {
      const problem =
        ending!.how === "value" ? new Problem(() => "invalid state") : cancelled(name, cancellation!);
      this.acquire(() => machine.error(problem));
    }
    this.whenEmpty();
  }
}

export class Timeout extends Scope {
  readonly #ms: number;
  readonly #entered: number;
  failure: Failure | null = null;

  constructor(ms: number, outer: Scope, machine: Machine) {
    super(outer, machine.running);
    this.#ms = ms;
    this.#entered = machine.now;
    machine.setDeadline(this, ms);
  }

  /** It counts as an error at its moment, unless this scope is being unwound anyhow. */
  override expire(machine: Machine): void {
    // What was given; where the deadline was moved, the time that there was.
    const given = this.deadline === this.#entered + this.#ms;
    const ms = given ? this.#ms : machine.now - this.#entered;
    const problem = new Problem(() => `timeout of ${ms}`);
    if (this.cancelled !== null || machine.target(this.outer) !== null) {
      machine.report("expired-unheard", problem);
      return;
    }
    this.failure = machine.failure(problem);
    machine.cancel(this, problem);
  }
}
