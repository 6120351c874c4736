/** Programs made at random: of what tasks are made of, nested as it comes. */
import {
  all,
  asCompleted,
  coroutine,
  createTask,
  currentTask,
  InvalidStateError,
  map,
  moveOnAfter,
  shield,
  sleep,
  taskGroup,
  timeout,
  TimeoutError,
  type Awaitable,
  type Task,
  type TaskGroup,
} from "cede";

export type Op =
  | { op: "sleep"; ms: number }
  | { op: "yield" | "fail" | "cancel the group" }
  | { op: "cancel a task" | "await a task"; which: number }
  | { op: "call" | "catch" | "shield" | "group" | "task" | "task of the group"; body: Op[] }
  | { op: "timeout" | "move on"; ms: number; body: Op[] }
  | { op: "clean up"; body: Op[]; cleanup: Op[] }
  | { op: "all"; bodies: Op[][] }
  | { op: "map"; bodies: Op[][]; concurrency: number }
  | { op: "as completed"; bodies: Op[][]; taken: number };

/** Numbers from 0 to below 1 that depend on the seed alone (mulberry32). */
export function random(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** A program of at most `size` operations. */
export function makeProgram(seed: number, size: number): Op[] {
  const next = random(seed);
  const below = (n: number): number => Math.floor(next() * n);
  let left = size;
  const list = (depth: number): Op[] => {
    const ops: Op[] = [];
    for (let n = 1 + below(4); n > 0 && left > 0; n--) ops.push(op(depth));
    return ops;
  };
  const lists = (depth: number): Op[][] => Array.from({ length: 1 + below(3) }, () => list(depth));
  const leaves: (() => Op)[] = [
    () => ({ op: "sleep", ms: below(6) }),
    () => ({ op: "sleep", ms: below(6) }),
    () => ({ op: "yield" }),
    () => (next() < 0.4 ? { op: "fail" } : { op: "yield" }),
    () => (next() < 0.5 ? { op: "cancel the group" } : { op: "cancel a task", which: below(20) }),
    () => ({ op: "await a task", which: below(20) }),
  ];
  const branches: ((depth: number) => Op)[] = [
    (depth) => ({ op: "task of the group", body: list(depth) }),
    (depth) => ({ op: "task of the group", body: list(depth) }),
    (depth) => ({ op: "task", body: list(depth) }),
    (depth) => ({ op: "group", body: list(depth) }),
    (depth) => ({ op: "group", body: list(depth) }),
    (depth) => ({ op: "timeout", ms: below(8), body: list(depth) }),
    (depth) => ({ op: "move on", ms: below(8), body: list(depth) }),
    (depth) => ({ op: "shield", body: list(depth) }),
    (depth) => ({ op: "call", body: list(depth) }),
    (depth) => ({ op: "catch", body: list(depth) }),
    (depth) => ({ op: "clean up", body: list(depth), cleanup: list(depth + 1) }),
    (depth) => ({ op: "clean up", body: list(depth), cleanup: list(depth + 1) }),
    (depth) => ({ op: "all", bodies: lists(depth) }),
    (depth) => ({ op: "map", bodies: lists(depth), concurrency: 1 + below(3) }),
    (depth) => ({ op: "as completed", bodies: lists(depth), taken: below(4) }),
  ];
  const op = (depth: number): Op => {
    left--;
    if (depth > 6 || next() < 0.3) return leaves[below(leaves.length)]!();
    return branches[below(branches.length)]!(depth + 1);
  };
  return list(0);
}

/** What must hold while a program runs, and after. */
export class Ledger {
  /** Tasks that are inside their function. */
  tasks = 0;
  /** Cleanups that have not begun. */
  cleanups = 0;
  /** Groups that ended while a task of theirs had not. */
  readonly orphans: string[] = [];
}

interface Surroundings {
  readonly group: TaskGroup;
  readonly members: Task<unknown>[];
}

/** The program, to run. */
export function perform(program: Op[], ledger: Ledger): () => Awaitable<void> {
  const tasks: Task<unknown>[] = [];
  let failures = 0;

  const begin = coroutine(function* task(body: Op[], around: Surroundings | null): Awaitable<void> {
    ledger.tasks++;
    try {
      yield* walk(body, around);
    } finally {
      ledger.tasks--;
    }
  });

  const walk = coroutine(function* walk(ops: Op[], around: Surroundings | null): Awaitable<void> {
    for (const op of ops) yield* step(op, around);
  });

  const step = coroutine(function* step(op: Op, around: Surroundings | null): Awaitable<void> {
    switch (op.op) {
      case "sleep":
        yield* sleep(op.ms);
        break;
      case "yield":
        yield;
        break;
      case "fail":
        throw new Error(`failure ${++failures}`);
      case "cancel the group":
        around?.group.cancel("the group is cancelled");
        break;
      case "cancel a task":
        void tasks[op.which % (tasks.length || 1)]?.cancel("the task is cancelled");
        break;
      case "await a task": {
        const task = tasks[op.which % (tasks.length || 1)];
        if (task !== undefined && task !== currentTask()) yield* task;
        break;
      }
      case "call":
        yield* walk(op.body, around);
        break;
      case "catch":
        try {
          yield* walk(op.body, around);
        } catch {}
        break;
      case "shield":
        yield* shield(() => walk(op.body, around));
        break;
      case "group": {
        const members: Task<unknown>[] = [];
        try {
          yield* taskGroup((group) => walk(op.body, { group, members }));
        } finally {
          for (const member of members) if (!member.done) ledger.orphans.push(member.name);
        }
        break;
      }
      case "task":
        tasks.push(createTask(begin(op.body, null)));
        break;
      case "task of the group":
        if (around === null) break;
        try {
          const task = around.group.createTask(begin(op.body, around));
          around.members.push(task);
          tasks.push(task);
        } catch (error) {
          if (!(error instanceof InvalidStateError)) throw error; // the group has ended
        }
        break;
      case "timeout":
        try {
          yield* timeout(op.ms, () => walk(op.body, around));
        } catch (error) {
          if (!(error instanceof TimeoutError)) throw error;
        }
        break;
      case "move on":
        yield* moveOnAfter(op.ms, () => walk(op.body, around));
        break;
      case "clean up":
        ledger.cleanups++;
        try {
          yield* walk(op.body, around);
        } finally {
          ledger.cleanups--;
          yield* walk(op.cleanup, around);
        }
        break;
      case "all":
        yield* all(op.bodies.map((body) => begin(body, around)));
        break;
      case "map":
        yield* map(op.bodies, (body) => begin(body, around), { concurrency: op.concurrency });
        break;
      case "as completed": {
        let taken = 0;
        for (const next of asCompleted(op.bodies.map((body) => begin(body, around)))) {
          if (taken++ === op.taken) break;
          yield* next;
        }
        break;
      }
    }
  });

  return () => begin(program, null);
}
