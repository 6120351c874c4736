/** A program, run on Cede. */
import {
  all,
  asCompleted,
  cancelScope,
  CancelledError,
  cede,
  coroutine,
  createTask,
  currentTask,
  defer,
  EventLoop,
  InvalidStateError,
  map,
  moveOnAfter,
  resource,
  runningLoop,
  shield,
  sleep,
  supervise,
  suppressedErrors,
  taskGroup,
  timeout,
  TimeoutError,
  use,
  type Awaitable,
  type CancelScope,
  type Task,
  type TaskGroup,
} from "cede";
import { firstInFirstOut, type Runnable, type Scheduler } from "cede/lowlevel";
import { VirtualClock } from "cede/testing";
import { numbered, type Op, type Program, type Trial } from "./program.ts";
import { inWords, NEVER_ENDS, OUTSIDE, type Described, type Story } from "./story.ts";

export async function onCede({ program, cancelAt, cancelPoint, inVain }: Trial): Promise<Story> {
  const trace: string[] = [];
  const host = new VirtualClock();
  const note = (text: string): void => void trace.push(`${host.now()} ${text}`);
  const controller = new AbortController();
  const cancel = (): void => controller.abort(new Error(OUTSIDE));
  const scheduler = new Points((point) => {
    if (inVain) for (const task of loop.tasks()) pollInVain(task);
    if (point === cancelPoint) cancel();
  });
  const loop = new EventLoop({
    host,
    scheduler,
    onReport({ kind, error }) {
      note(`report: ${kind} ${inWords(error, describe)}`);
    },
  });
  if (cancelAt !== null) loop.callLater(cancelAt, cancel);
  const ended = loop
    .runUntilComplete(performance(program, note), { signal: controller.signal, shutdownTimeout: Infinity })
    .then(
      (value) => `result ${value}`,
      (error: unknown) => inWords(error, describe),
    );
  host.runAll();
  const left = loop.tasks().map(({ name, waitingFor, state }) => `${name} (${waitingFor ?? state})`);
  const { ready, deadlines, external } = loop.statistics;
  if (left.length > 0 || ready + deadlines + external > 0) {
    const outcome = `${NEVER_ENDS}: ${left.join(", ")}; ${JSON.stringify(loop.statistics)} left`;
    return { trace, outcome, points: scheduler.passed, circle: null, abandoned: null };
  }
  return { trace, outcome: await ended, points: scheduler.passed, circle: null, abandoned: null };
}

/** A task that is parked is given a step: it polls what it waits for, and has to park again. */
function pollInVain(task: Task<unknown>): void {
  if (task.state === "parked") (task as unknown as Runnable).step();
}

/** First in, first out, with a point before and after each step of a task. */
class Points implements Scheduler {
  passed = 0;
  readonly #queue = firstInFirstOut();
  readonly #pass: (point: number) => void;
  constructor(pass: (point: number) => void) {
    this.#pass = pass;
  }
  get size(): number {
    return this.#queue.size;
  }
  push(runnable: Runnable): void {
    this.#queue.push(runnable);
  }
  pick(): Runnable | null {
    const runnable = this.#queue.pick();
    if (runnable === null || !("state" in runnable)) return runnable; // none, or a callback
    const step = (): boolean => {
      this.#pass(++this.passed);
      if (runnable.step()) this.#queue.push(runnable);
      this.#pass(++this.passed);
      return false;
    };
    return { nextReady: null, step };
  }
}

/** What an operation is written in. */
interface Surroundings {
  /** The task, as the trace calls it. */
  readonly who: string;
  readonly group: TaskGroup | null;
  readonly scope: CancelScope | null;
}

function performance(program: Program, note: (text: string) => void): () => Awaitable<unknown> {
  const numbers = numbered(program);
  /** Those that the program may speak of, in the order of their creation. */
  const tasks: Task<unknown>[] = [];
  let values = 0;
  let failures = 0;
  let created = 0;

  const begin = coroutine(function* begin(body: Program, around: Surroundings): Awaitable<number> {
    const task = currentTask()!;
    if (!tasks.includes(task)) tasks.push(task);
    note(`${around.who} begins`);
    try {
      return yield* walk(body, around);
    } finally {
      note(`${around.who} is left`);
    }
  });

  const walk = coroutine(function* walk(ops: Program, around: Surroundings): Awaitable<number> {
    for (const op of ops) {
      const place = `${around.who} ${numbers.get(op)} ${op.kind}`;
      note(place);
      const value = yield* step(op, around, place);
      note(`${place}: ${String(value)}`);
    }
    return ++values;
  });

  const step = coroutine(function* step(op: Op, around: Surroundings, place: string): Awaitable<unknown> {
    const [body = [], second = []] = op.bodies;
    const named = tasks.at(-1 - (op.n % tasks.length))!;
    const inScope = (scope: CancelScope): Awaitable<number> => walk(body, { ...around, scope });
    switch (op.kind) {
      case "sleep":
        return yield* sleep(op.n);
      case "cede":
        return yield* cede();
      case "bare yield":
        return yield;
      case "fail":
        throw new Error(`failure ${++failures}`);
      case "cancel me":
        return void currentTask()!.cancel(place);
      case "cancel the group":
        return around.group?.cancel(place);
      case "cancel the scope":
        return around.scope?.cancel(place);
      case "move the deadline":
        if (around.scope !== null) around.scope.deadline = runningLoop().time() + op.n;
        return undefined;
      case "cancel":
        return void named.cancel(place);
      case "cancel and await":
        return yield* named.cancel(place);
      case "await":
        return yield* named;
      case "call":
        return yield* walk(body, around);
      case "catch":
        try {
          return yield* walk(body, around);
        } catch (error) {
          note(`${place} catches ${inWords(error, describe)}`);
          return yield* walk(second, around);
        }
      case "clean up":
        try {
          return yield* walk(body, around);
        } finally {
          note(`${place} cleans up`);
          yield* walk(second, around);
          note(`${place} has cleaned up`);
        }
      case "defer": {
        for (const deferred of op.bodies.slice(1)) {
          defer(() => {
            note(`${place} releases`);
            return walk(deferred, around);
          });
        }
        return yield* walk(body, around);
      }
      case "use":
        yield* use({ [Symbol.dispose]: () => note(`${place} releases`) });
        return yield* walk(body, around);
      case "resource": {
        const [, acquire = [], release = []] = op.bodies;
        const inside = { ...around, who: `t${++created}` };
        const held = resource<void>(function* (provide) {
          yield* walk(acquire, inside);
          note(`${inside.who} provides`);
          yield* provide();
          note(`${inside.who} releases`);
          yield* walk(release, inside);
        });
        yield* use(held);
        return yield* walk(body, around);
      }
      case "shield":
        return yield* shield(() => walk(body, around));
      case "scope": {
        const { cancelled, value } = yield* cancelScope(inScope);
        return cancelled ? "cancelled" : value;
      }
      case "timeout":
        return yield* timeout(op.n, inScope);
      case "move on":
      case "bounded move on": {
        const bound = op.kind === "move on" ? {} : { cleanupTimeout: op.n / 2 + 1 };
        const { expired, value } = yield* moveOnAfter(op.n, inScope, bound);
        return expired ? "expired" : value;
      }
      case "group":
        return yield* taskGroup((group) => walk(body, { ...around, group }));
      case "bounded group":
        return yield* taskGroup((group) => walk(body, { ...around, group }), { cleanupTimeout: op.n + 1 });
      case "supervise":
        return yield* supervise((group) => walk(body, { ...around, group }));
      case "all":
        return yield* all(op.bodies.map((one) => begin(one, { ...around, who: `t${++created}` })));
      case "map": {
        const concurrency = op.n === 0 ? Infinity : op.n;
        return yield* map(op.bodies, (one) => begin(one, { ...around, who: `t${++created}` }), {
          concurrency,
        });
      }
      case "as completed": {
        const items = op.bodies.map((one) => begin(one, { ...around, who: `t${++created}` }));
        const results: number[] = [];
        for (const next of asCompleted(items, { concurrency: op.n % 3 || Infinity })) {
          results.push(yield* next);
          if (op.n >= 3) break;
        }
        return results;
      }
      case "child": {
        const who = `t${++created}`;
        try {
          const child = around.group?.createTask(begin(body, { ...around, who }), { name: who });
          if (child !== undefined) tasks.push(child);
          return child === undefined ? "no group" : who;
        } catch (error) {
          return inWords(error, describe);
        }
      }
      case "task": {
        const who = `t${++created}`;
        tasks.push(createTask(begin(body, { ...around, who }), { name: who }));
        return who;
      }
    }
  });

  return () => begin(program, { who: "t0", group: null, scope: null });
}

function describe(error: unknown): Described {
  const suppressed = suppressedErrors(error);
  if (error instanceof TimeoutError) return { text: `timeout of ${error.ms}`, suppressed };
  if (error instanceof CancelledError) {
    const { reason } = error;
    const name = (text: string | undefined): string => text?.replace(/#\d+$/, "") ?? "nobody";
    const why = typeof reason === "object" ? describe(reason).text : String(reason);
    const by = why === OUTSIDE ? "" : ` by ${name(error.by)}`;
    return { text: `cancelled ${name(error.task)}${by} (${why})`, suppressed };
  }
  if (error instanceof InvalidStateError) return { text: "invalid state", suppressed };
  if (error instanceof Error)
    return { text: error.name === "Error" ? error.message : error.name, suppressed };
  return { text: String(error), suppressed };
}
