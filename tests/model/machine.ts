/**
 * The model's machine: turns, time, tasks, and the tree of what can be cancelled, in the plainest form that
 * the rules can be written in. It shares nothing with the library, and nothing in it is fast.
 *
 * Whatever a program does *ends* in one of three ways, and says so with a value: nothing is thrown here, and
 * no generator is told to return. A generator only stands for "goes on later".
 */
import { inWords, OUTSIDE, type Abandoned, type Described } from "./story.ts";

/** An error: its text, and those that gave way to it. */
export class Problem {
  readonly text: () => string;
  readonly suppressed: Problem[] = [];
  constructor(text: () => string) {
    this.text = text;
  }

  carries(other: Problem): boolean {
    return this.suppressed.some((one) => one === other || one.carries(other));
  }
}

/** An error on its way, and the moment from which it was: of two, the earlier one is the primary one. */
export interface Failure {
  readonly problem: Problem;
  readonly since: number;
}

export type Ending =
  | { readonly how: "value"; readonly value: unknown }
  | { readonly how: "error"; readonly failure: Failure }
  /** It was cancelled; perhaps with an error on its way, a cleanup's. */
  | { readonly how: "unwound"; readonly failure: Failure | null };

/** What goes on later: it yields when its task is not to run on now. */
export type Steps = Generator<void, Ending, void>;

export interface Cancellation {
  readonly reason: unknown;
  readonly by: string | null;
}

/** A node of the tree of what can be cancelled. */
export class Scope {
  readonly outer: Scope | null;
  /** In the order of their creation. */
  readonly inner: Scope[] = [];
  /** The task whose code runs in it; for the run, none. */
  readonly task: Task | null;
  /** Whether cancellation from outside stops here: shields, and cleanup. */
  shields: boolean;
  cancelled: Cancellation | null = null;
  left = false;
  /** Whether an unwinding was ever on its way to this scope, and to none further out. */
  reached = false;
  /** When it cancels itself. */
  deadline = Infinity;
  timer: Timer | null = null;
  /** How long its cleanup may take, and what abandons it then. */
  bound = Infinity;
  boundTimer: Timer | null = null;

  constructor(outer: Scope | null, task: Task | null, shields = false) {
    this.outer = outer;
    this.task = task;
    this.shields = shields;
    outer?.inner.push(this);
  }

  /** The deadline has passed. */
  expire(machine: Machine): void {
    machine.cancel(this, undefined);
  }
}

/** A scope that owns tasks. */
export interface Owner {
  childEnded(child: Task): void;
}

interface Wait {
  readonly scope: Scope;
  pending: boolean;
  /** How it ended; `null`: its task was cancelled. */
  ending: (() => Ending) | null;
  takeBack: () => void;
  /** The tasks that it needs the end of. */
  readonly needs: () => readonly Task[];
}

export class Task extends Scope {
  readonly name: string;
  readonly owner: Owner;
  override readonly task: Task = this;
  readonly start: () => Steps;
  steps: Steps | null = null;
  wait: Wait | null = null;
  ending: Ending | null = null;
  /** Whether anybody has awaited it, or will. */
  observed = false;
  /** What is on its way through those of its bodies that are being left, the innermost last. */
  readonly leaving: Problem[] = [];
  readonly whenEnded: (() => void)[] = [];

  constructor(name: string, owner: Scope & Owner, start: () => Steps) {
    super(owner, null);
    this.name = name;
    this.owner = owner;
    this.start = start;
  }

  get failure(): Failure | null {
    return this.ending === null || this.ending.how === "value" ? null : this.ending.failure;
  }
}

export interface Timer {
  at: number;
  /** Among equals, the one that was set first comes first; one that is moved keeps its place. */
  readonly order: number;
  readonly fire: () => void;
}

export class Machine {
  now = 0;
  running: Task | null = null;
  readonly trace: string[] = [];
  /** How long the trace was when tasks began to wait for each other: what comes of that is no rule's. */
  circle: number | null = null;
  /** When cleanup was abandoned first. */
  abandoned: Abandoned | null = null;
  #ready: (() => void)[] = [];
  #timers: Timer[] = [];
  #orders = 0;
  #moments = 0;
  #points = 0;
  readonly #pass: (point: number) => void;

  constructor(pass: (point: number) => void) {
    this.#pass = pass;
  }

  note(text: string): void {
    this.trace.push(`${this.now} ${text}`);
  }

  report(kind: string, problem: Problem): void {
    this.note(`report: ${kind} ${describe(problem)}`);
  }

  // -- errors ------------------------------------------------------------------------------------------

  /** An error comes up now. */
  failure(problem: Problem): Failure {
    return { problem, since: ++this.#moments };
  }

  error(problem: Problem): Ending {
    return { how: "error", failure: this.failure(problem) };
  }

  /** Two errors on one way: the earlier one goes on, and the later one is kept beside it. */
  merge(a: Failure | null, b: Failure | null): Failure | null {
    if (a === null || b === null) return a ?? b;
    const [first, later] = a.since < b.since ? [a, b] : [b, a];
    this.suppress(first.problem, later.problem);
    return first;
  }

  /** What was left has ended so, and then its cleanup failed, if it did. */
  addFailure(ending: Ending, failure: Failure | null): Ending {
    if (failure === null) return ending;
    if (ending.how === "value") return { how: "error", failure };
    return { how: ending.how, failure: this.merge(ending.failure, failure)! };
  }

  suppress(first: Problem, later: Problem): void {
    if (first === later) return;
    // One that carries the first itself, since it was thrown before, can only be told of.
    if (later.carries(first)) return this.report("late-error", later);
    if (!first.suppressed.includes(later)) first.suppressed.push(later);
    this.report("suppressed-error", later);
  }

  // -- cancellation ------------------------------------------------------------------------------------

  /** The outermost cancelled scope that can be seen from here: up to a shield, or to the end of the task. */
  target(from: Scope | null): Scope | null {
    let found: Scope | null = null;
    for (let scope = from; scope !== null; scope = scope.outer) {
      if (scope.cancelled !== null) found = scope;
      if (scope.shields || scope instanceof Task) break;
    }
    return found;
  }

  /** The first reason stays. Marks the tasks below, and wakes whoever waits where it can be seen. */
  cancel(scope: Scope, reason: unknown, by: string | null = this.running?.name ?? null): void {
    if (scope.cancelled !== null || scope.left) return;
    const cancellation = { reason, by };
    scope.cancelled = cancellation;
    this.#beginBound(scope);
    if (scope.task !== null) this.#interrupt(scope.task);
    const mark = (around: Scope): void => {
      for (const inner of around.inner) {
        if (inner.shields || inner.cancelled !== null) continue;
        if (inner instanceof Task) {
          inner.cancelled = cancellation;
          this.#interrupt(inner);
        } else {
          this.#beginBound(inner);
        }
        mark(inner);
      }
    };
    mark(scope);
  }

  /** From when it is cancelled on, or anything around it, the cleanup in a scope has so long. */
  limitCleanup(scope: Scope, ms: number): void {
    scope.bound = ms;
    if (this.target(scope.outer) !== null) this.#beginBound(scope);
  }

  #beginBound(scope: Scope): void {
    if (scope.bound === Infinity || scope.boundTimer !== null) return;
    scope.boundTimer = this.after(scope.bound, () => {
      const tasks = tasksIn(scope);
      const { wait } = scope.task!;
      const alone = tasks.length === 0 && wait !== null && wait.pending && isIn(wait.scope, scope);
      // Whoever waits for tasks alone may go on by itself: they may have been given something a moment ago, and end.
      const certain =
        alone ||
        tasks.some(({ steps, wait }) => steps !== null && wait?.pending && wait.needs().length === 0);
      this.abandoned ??= { now: this.now, at: this.trace.length, certain };
    });
  }

  #interrupt(task: Task): void {
    const { wait } = task;
    if (wait === null || !wait.pending || this.target(wait.scope) === null) return;
    wait.pending = false;
    wait.takeBack();
    this.ready(task);
  }

  /** An unwinding begins here, or goes on from here. */
  unwind(scope: Scope, failure: Failure | null = null): Ending {
    const target = this.target(scope);
    if (target !== null) target.reached = true;
    return { how: "unwound", failure };
  }

  leave(scope: Scope): void {
    this.clear(scope.timer);
    this.clear(scope.boundTimer);
    scope.left = true;
    scope.outer!.inner.splice(scope.outer!.inner.indexOf(scope), 1);
  }

  // -- waits -------------------------------------------------------------------------------------------

  /**
   * Waits for what `arrange` arranges, which calls `end` then, and returns how to take it back. Every wait
   * finds a cancellation first. One that has ended before its task was cancelled has ended.
   */
  *wait(
    scope: Scope,
    arrange: (end: (ending: () => Ending) => void) => () => void,
    needs: () => readonly Task[] = () => [],
  ): Steps {
    if (this.target(scope) !== null) return this.unwind(scope);
    const task = this.running!;
    const wait: Wait = { scope, pending: true, ending: null, takeBack: () => {}, needs };
    let atOnce = true;
    const takeBack = arrange((ending) => {
      if (!wait.pending) return;
      wait.pending = false;
      wait.ending = ending;
      if (!atOnce) this.ready(task);
    });
    atOnce = false;
    if (wait.pending) {
      wait.takeBack = takeBack;
      task.wait = wait;
      if (this.circle === null && inCircle(task)) this.circle = this.trace.length;
      yield;
      task.wait = null;
    }
    return wait.ending === null ? this.unwind(scope) : wait.ending();
  }

  /** One turn. A cancellation that comes meanwhile is found after it. */
  *giveWay(scope: Scope): Steps {
    this.ready(this.running!);
    yield;
    return this.target(scope) === null ? nothing : this.unwind(scope);
  }

  // -- time --------------------------------------------------------------------------------------------

  after(ms: number, fire: () => void): Timer {
    const timer = { at: this.now + ms, order: ++this.#orders, fire };
    this.#timers.push(timer);
    return timer;
  }

  clear(timer: Timer | null): void {
    this.#timers = this.#timers.filter((other) => other !== timer);
  }

  /** Sets when a scope cancels itself, or moves it. At or before now, it does so at once. */
  setDeadline(scope: Scope, ms: number): void {
    this.clear(scope.timer);
    scope.deadline = this.now + ms;
    if (scope.left || scope.cancelled !== null) return;
    if (ms <= 0) return scope.expire(this);
    scope.timer ??= { at: 0, order: ++this.#orders, fire: () => scope.expire(this) };
    scope.timer.at = scope.deadline;
    this.#timers.push(scope.timer);
  }

  // -- tasks and turns ---------------------------------------------------------------------------------

  ready(task: Task): void {
    this.call(() => {
      this.#pass(++this.#points);
      this.#step(task);
      this.running = null;
      this.#pass(++this.#points);
    });
  }

  call(callback: () => void): void {
    this.#ready.push(callback);
  }

  /** In what is cancelled already, a task is created cancelled. */
  create(name: string, owner: Scope & Owner, start: () => Steps): Task {
    const task = new Task(name, owner, start);
    const target = this.target(owner);
    if (target !== null) task.cancelled = target.cancelled;
    this.ready(task);
    return task;
  }

  #step(task: Task): void {
    this.running = task;
    if (task.steps === null) {
      if (task.cancelled !== null) return this.#end(task, this.unwind(task)); // it never begins
      task.steps = task.start();
    }
    const { done, value } = task.steps.next();
    if (done) this.#end(task, value);
  }

  #end(task: Task, ending: Ending): void {
    task.ending = ending;
    for (const tell of task.whenEnded.splice(0)) tell();
    this.leave(task);
    task.owner.childEnded(task);
  }

  /** Expires what is due, then gives a step to each that is ready: turn after turn, until nobody is. */
  #turns(): void {
    for (;;) {
      for (let due = this.#next(); due !== undefined && due.at <= this.now; due = this.#next()) {
        this.clear(due);
        this.running = null;
        due.fire();
      }
      const turn = this.#ready.splice(0);
      if (turn.length === 0) return;
      for (const step of turn) {
        step();
        this.running = null;
      }
    }
  }

  #next(): Timer | undefined {
    return this.#timers.toSorted((a, b) => a.at - b.at || a.order - b.order)[0];
  }

  /** To the end. Gives how many points there were. */
  run(): number {
    this.#turns();
    for (let next = this.#next(); next !== undefined; next = this.#next()) {
      this.now = next.at;
      this.#turns();
    }
    return this.#points;
  }
}

/** Whether a task needs its own end, by way of others. */
function inCircle(task: Task): boolean {
  const found = new Set<Task>();
  const look = (needs: readonly Task[]): void => {
    for (const needed of needs) {
      if (found.has(needed)) continue;
      found.add(needed);
      look(needed.wait?.needs() ?? []);
    }
  };
  look(task.wait!.needs());
  return found.has(task);
}

function tasksIn(scope: Scope): Task[] {
  return scope.inner.flatMap((inner) => [...(inner instanceof Task ? [inner] : []), ...tasksIn(inner)]);
}

function isIn(inner: Scope, scope: Scope): boolean {
  return inner === scope || (inner.outer !== null && isIn(inner.outer, scope));
}

export const nothing: Ending = { how: "value", value: undefined };

/** The error for whoever awaits what was cancelled. */
export function cancelled(name: string, { reason, by }: Cancellation): Problem {
  return new Problem(() => {
    const why = reason instanceof Problem ? reason.text() : String(reason);
    return `cancelled ${name}${why === OUTSIDE ? "" : ` by ${by ?? "nobody"}`} (${why})`;
  });
}

export function describe(problem: Problem): string {
  return inWords(problem, (error): Described => {
    const { text, suppressed } = error as Problem;
    return { text: text(), suppressed };
  });
}
