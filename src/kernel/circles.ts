/**
 * Circles: tasks that wait for each other, so that none can ever go on, whatever else lives in the loop.
 *
 * A wait that tasks alone can end may tell which (`enders`). The last wait of a circle begins for a task that
 * has begun such a wait itself; only then is it looked at, in the next turn, so that other waits pay nothing.
 * A task is stuck if those who could end its wait are stuck, and no deadline around it will. One circle of
 * stuck tasks is told at a time, by an error at each one's wait: what that brings may free the others.
 *
 * Whoever might cancel one of them is not asked: a circle that only a cancellation can end is a mistake.
 */
import { current, type Parked, type Runner } from "./current.ts";
import { DeadlockError } from "./errors.ts";
import { OPEN } from "./frame.ts";
import { waitsAt } from "./place.ts";
import type { Runnable } from "./ready.ts";
import { Scope } from "./scope.ts";
import type { CancelNode } from "./cancel.ts";
import type { Task } from "./task.ts";
import { dropClaimed } from "./unwind.ts";

/** A parked task, as the search sees it. */
interface Waiting {
  readonly task: Task<unknown>;
  readonly wait: Parked;
  /** Who could end the wait. */
  readonly enders: readonly Task<unknown>[];
  /** Whether any one of them can, or it takes them all. */
  readonly any: boolean;
  /** How many more of them would have to go on, for this one to go on; 0 or less: it does. */
  missing: number;
}

export class Circles implements Runnable {
  nextReady: Runnable | null = null;
  readonly internal = true;
  readonly #enqueue: (runnable: Runnable) => void;
  #suspects: Task<unknown>[] = [];
  /** How many turns to wait before the next search: the more, the longer the last one took. */
  #rest = 0;

  constructor(enqueue: (runnable: Runnable) => void) {
    this.#enqueue = enqueue;
  }

  /** `task` begins a wait that can tell who ends it. */
  suspect(task: Runner, wait: Parked): void {
    if (!closes(task, wait)) return;
    this.#suspects.push(task as Task<unknown>);
    if (this.#suspects.length === 1) this.#enqueue(this);
  }

  step(): boolean {
    if (this.#rest > 0) {
      this.#rest--;
      return true;
    }
    current.task = null;
    const suspects = this.#suspects;
    this.#suspects = [];
    const waiting = reach(suspects);
    this.#rest = waiting.size >> 4;
    freeThoseWhoGoOn(waiting);
    const stuck = suspects.filter((task) => isStuck(waiting.get(task)));
    const first = stuck[0];
    if (first === undefined) return false;
    if (!tell(circleFrom(waiting.get(first)!, waiting))) return false;
    this.#suspects = stuck; // those whom this has not freed
    return true;
  }
}

/** Whether a wait that begins could be the last one of a circle: whoever could end it waits in the same way. */
function closes(task: Runner, wait: Parked): boolean {
  const enders = wait.enders!();
  if (enders === null) return false;
  for (const ender of enders.tasks) {
    const may = ender === task || ender.wait?.enders !== undefined;
    if (may !== enders.any) return may;
  }
  return enders.any;
}

/** Who waits, from the suspects on along those who could end each wait. A task that is not in it goes on. */
function reach(suspects: readonly Task<unknown>[]): Map<Task<unknown>, Waiting> {
  const found = new Map<Task<unknown>, Waiting>();
  const look = (task: Task<unknown>): void => {
    const { wait } = task;
    if (wait?.enders === undefined || task.state !== "parked" || found.has(task) || hasDeadline(task)) return;
    const enders = wait.enders();
    if (enders === null) return;
    found.set(task, {
      task,
      wait,
      enders: [...enders.tasks] as Task<unknown>[],
      any: enders.any,
      missing: 0,
    });
  };
  suspects.forEach(look);
  for (const { enders } of found.values()) enders.forEach(look); // it grows as it is walked
  return found;
}

/** Whether a deadline will end what a task waits for. */
function hasDeadline(task: Task<unknown>): boolean {
  const top = task.top!;
  if (top.state !== OPEN) return false; // cleanup: none from outside reaches it
  for (let node: CancelNode | null = top.scope; node !== null; node = node.outer) {
    if (node instanceof Scope && node.deadline !== Infinity) return true;
    if (node.shield) break;
  }
  return false;
}

/** Those of whom nobody is missing go on, and so do, in turn, those who miss nobody else than them. */
function freeThoseWhoGoOn(waiting: ReadonlyMap<Task<unknown>, Waiting>): void {
  const followers = new Map<Waiting, Waiting[]>();
  const free: Waiting[] = [];
  for (const one of waiting.values()) {
    const waitFor = one.enders.flatMap((task) => waiting.get(task) ?? []);
    one.missing = one.any ? (waitFor.length === one.enders.length ? 1 : 0) : waitFor.length;
    if (one.missing === 0) free.push(one);
    for (const ender of waitFor) {
      const known = followers.get(ender);
      if (known === undefined) followers.set(ender, [one]);
      else known.push(one);
    }
  }
  for (const one of free) {
    for (const follower of followers.get(one) ?? []) if (--follower.missing === 0) free.push(follower);
  }
}

function isStuck(one: Waiting | undefined): boolean {
  return one !== undefined && one.missing > 0;
}

/** From one who is stuck to one that it is stuck for, until somebody comes again; or to a wait that nobody can end. */
function circleFrom(start: Waiting, waiting: ReadonlyMap<Task<unknown>, Waiting>): Waiting[] {
  const path = new Set<Waiting>();
  for (let at: Waiting | undefined = start; at !== undefined;) {
    if (path.has(at)) return fromOldest([...path].slice([...path].indexOf(at)));
    path.add(at);
    const next: Task<unknown> | undefined = at.enders.find((task) => isStuck(waiting.get(task)));
    if (next === undefined) return [at];
    at = waiting.get(next);
  }
  return [...path];
}

/** A circle has no beginning: so that it reads, and is told, in the order of the tasks' creation, as far as it can. */
function fromOldest(circle: readonly Waiting[]): Waiting[] {
  const oldest = circle.reduce((a, b) => (a.task.id < b.task.id ? a : b));
  const at = circle.indexOf(oldest);
  return [...circle.slice(at), ...circle.slice(0, at)];
}

/** False if no error can end any of the waits. */
function tell(circle: readonly Waiting[]): boolean {
  const waiting = circle.map(({ task, wait }) => ({
    task: task.name,
    label: `${wait.label}${waitsAt(task)}`,
  }));
  const error = new DeadlockError(
    (circle.length === 1 && circle[0]!.enders.length === 0
      ? "Cannot go on: whoever could end this wait has ended."
      : "Cannot go on: these tasks wait for each other, in a circle. Let one of them go on without another.") +
      waiting.map(({ task, label }) => `\n  ${task} waits for ${label}`).join(""),
    waiting,
  );
  const heard = circle.some(({ task }) => isHeard(task, circle));
  let told = false;
  for (const { task, wait } of circle) {
    if (!wait.fail(error)) continue;
    dropClaimed(task, wait);
    told = true;
  }
  // Each has looked at another, and dies of it: nobody would ever hear of their failures.
  if (!heard) for (const { task } of circle) task.observed = false;
  return told;
}

/** Whether somebody outside the circle hears how a task of it ends: its run, its group, whoever awaits it. */
function isHeard(task: Task<unknown>, circle: readonly Waiting[]): boolean {
  if (task.root.main === task || task.outer !== task.root) return true;
  const waits = new Set<unknown>(circle.map(({ wait }) => wait));
  for (const waiter of task.waiting) if (waiter.deaf !== true && !waits.has(waiter)) return true;
  return false;
}
