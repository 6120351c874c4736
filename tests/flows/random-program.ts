/** Programs made at random: of what tasks are made of, nested as it comes. */
import {
  all,
  allSettled,
  any,
  asCompleted,
  coroutine,
  createTask,
  currentTask,
  InvalidStateError,
  map,
  moveOnAfter,
  race,
  shield,
  sleep,
  supervise,
  taskGroup,
  timeout,
  TimeoutError,
  wait,
  type Awaitable,
  type Task,
  type TaskGroup,
} from "cede";

export type Op =
  | { op: "sleep"; ms: number }
  | { op: "yield" | "fail" | "cancel the group" }
  | { op: "cancel a task" | "await a task"; which: number }
  | { op: "call" | "catch" | "shield" | "task"; body: Op[] }
  | { op: "supervise"; body: Op[] }
  | { op: "group"; body: Op[]; errors: "first" | "all"; cleanupTimeout: number | undefined }
  | { op: "task of the group"; body: Op[]; background: boolean }
  | { op: "start"; before: Op[]; after: Op[] }
  | { op: "timeout" | "move on"; ms: number; body: Op[] }
  | { op: "clean up"; body: Op[]; cleanup: Op[] }
  | { op: "all" | "all settled"; bodies: Op[][] }
  | { op: "race" | "any"; bodies: Op[][]; which: number; cancel: boolean }
  | { op: "wait"; returnWhen: "allCompleted" | "firstCompleted" | "firstError"; ms: number }
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
  // Where cleanup may be abandoned, less can be held against the rest: so not in every program.
  const bounded = next() < 0.3 ? 0.5 : 0;
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
    () => ({
      op: "wait",
      returnWhen: (["allCompleted", "firstCompleted", "firstError"] as const)[below(3)]!,
      ms: next() < 0.5 ? below(5) : Infinity,
    }),
  ];
  const branches: ((depth: number) => Op)[] = [
    (depth) => ({ op: "task of the group", body: list(depth), background: false }),
    (depth) => ({ op: "task of the group", body: list(depth), background: next() < 0.5 }),
    (depth) => ({ op: "start", before: list(depth), after: list(depth) }),
    (depth) => ({ op: "task", body: list(depth) }),
    (depth) => ({ op: "group", body: list(depth), errors: "first", cleanupTimeout: undefined }),
    (depth) => ({
      op: "group",
      body: list(depth),
      errors: next() < 0.5 ? "first" : "all",
      cleanupTimeout: next() < bounded ? below(5) : undefined,
    }),
    (depth) => ({ op: "supervise", body: list(depth) }),
    (depth) => ({ op: "timeout", ms: below(8), body: list(depth) }),
    (depth) => ({ op: "move on", ms: below(8), body: list(depth) }),
    (depth) => ({ op: "shield", body: list(depth) }),
    (depth) => ({ op: "call", body: list(depth) }),
    (depth) => ({ op: "catch", body: list(depth) }),
    (depth) => ({ op: "clean up", body: list(depth), cleanup: list(depth + 1) }),
    (depth) => ({ op: "clean up", body: list(depth), cleanup: list(depth + 1) }),
    (depth) => ({ op: "all", bodies: lists(depth) }),
    (depth) => ({ op: "all settled", bodies: lists(depth) }),
    (depth) => ({ op: "race", bodies: lists(depth), which: below(20), cancel: next() < 0.3 }),
    (depth) => ({ op: "any", bodies: lists(depth), which: below(20), cancel: next() < 0.3 }),
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

  const beginAndSay = coroutine(function* started(
    before: Op[],
    ready: () => void,
    after: Op[],
    around: Surroundings,
  ): Awaitable<void> {
    ledger.tasks++;
    try {
      yield* walk(before, around);
      ready();
      yield* walk(after, around);
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
      case "group":
      case "supervise": {
        const members: Task<unknown>[] = [];
        const body = (group: TaskGroup): Awaitable<void> => walk(op.body, { group, members });
        try {
          if (op.op === "supervise") yield* supervise(body);
          else {
            const { errors, cleanupTimeout } = op;
            yield* taskGroup(body, { errors, ...(cleanupTimeout !== undefined && { cleanupTimeout }) });
          }
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
          const task = around.group.createTask(begin(op.body, around), { background: op.background });
          around.members.push(task);
          tasks.push(task);
        } catch (error) {
          if (!(error instanceof InvalidStateError)) throw error; // the group has ended
        }
        break;
      case "start":
        if (around === null) break;
        try {
          yield* around.group.start((ready) => beginAndSay(op.before, ready, op.after, around));
        } catch (error) {
          if (!(error instanceof InvalidStateError)) throw error; // the group has ended
        }
        break;
      case "wait":
        yield* wait(
          tasks.filter((task) => task !== currentTask()),
          { returnWhen: op.returnWhen, timeout: op.ms },
        );
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
      case "all settled":
        yield* allSettled(op.bodies.map((body) => begin(body, around)));
        break;
      case "race":
      case "any": {
        const task = tasks[op.which % (tasks.length || 1)];
        const started = op.bodies.map((body) => begin(body, around));
        const items = task === undefined || task === currentTask() ? started : [...started, task];
        yield* (op.op === "race" ? race : any)(items, { cancel: op.cancel });
        break;
      }
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
