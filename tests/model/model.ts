/**
 * The rules, as an interpreter: what each operation does, and what it ends with. It stays whole: the operations are one
 * idea, a few lines each, and walk each other's bodies.
 */
import {
  cancelled,
  describe,
  Machine,
  nothing,
  Problem,
  Scope,
  Task,
  type Cancellation,
  type Ending,
  type Steps,
} from "./machine.ts";
import { numbered, type Op, type Program, type Trial } from "./program.ts";
import { Completions, Group, Run, Supervision, Timeout, Use } from "./scopes.ts";
import { OUTSIDE, type Story } from "./story.ts";

export function onModel({ program, cancelAt, cancelPoint }: Trial): Story {
  let abortedOutside = false;
  const abort = (): void => {
    if (run.ended) return;
    abortedOutside = true;
    machine.cancel(main, OUTSIDE, null);
  };
  const machine = new Machine((point) => {
    if (point === cancelPoint) abort();
  });
  const run = new Run(machine);
  if (cancelAt !== null) machine.after(cancelAt, () => machine.call(abort));
  const interpreter = new Interpreter(machine, run, program);
  const main = machine.create("main", run, () => interpreter.main());
  run.main = main;
  const points = machine.run();
  const { trace, abandoned } = machine;
  // Of one who waits for any of several it is known only at the end that none of them can go on.
  const circle = machine.circle ?? (run.ended ? null : trace.length);
  return { trace, outcome: circle === null ? run.outcome(abortedOutside) : "", points, circle, abandoned };
}

/** What an operation is written in. */
interface Surroundings {
  /** The task, as the trace calls it. */
  readonly who: string;
  /** The innermost scope in effect: where it looks for cancellations. */
  readonly within: Scope;
  readonly group: Group | null;
  /** What "the scope" means here. */
  readonly scope: Scope | null;
}

class Interpreter {
  readonly #machine: Machine;
  readonly #run: Run;
  readonly #program: Program;
  readonly #numbers: Map<Op, number>;
  /** Those that the program may speak of, in the order of their creation. */
  readonly #tasks: Task[] = [];
  #values = 0;
  #failures = 0;
  #created = 0;

  constructor(machine: Machine, run: Run, program: Program) {
    this.#machine = machine;
    this.#run = run;
    this.#program = program;
    this.#numbers = numbered(program);
  }

  main(): Steps {
    return this.#begin(this.#program, { who: "t0", group: null, scope: null });
  }

  *#begin(body: Program, { who, group, scope }: Omit<Surroundings, "within">): Steps {
    const task = this.#machine.running!;
    if (!this.#tasks.includes(task)) this.#tasks.push(task);
    this.#machine.note(`${who} begins`);
    const ending = yield* this.#walk(body, { who, group, scope, within: task });
    this.#machine.note(`${who} is left`);
    return ending;
  }

  *#walk(ops: Program, around: Surroundings): Steps {
    for (const op of ops) {
      const place = `${around.who} ${this.#numbers.get(op)} ${op.kind}`;
      this.#machine.note(place);
      const ending = yield* this.#do(op, around, place);
      if (ending.how === "unwound") return this.#machine.unwind(around.within, ending.failure);
      if (ending.how === "error") return ending;
      this.#machine.note(`${place}: ${String(ending.value)}`);
    }
    return { how: "value", value: ++this.#values };
  }

  *#do(op: Op, around: Surroundings, place: string): Steps {
    const machine = this.#machine;
    const { within, group, scope } = around;
    const [body = [], second = []] = op.bodies;
    const named = this.#tasks.at(-1 - (op.n % this.#tasks.length))!;
    const running = machine.running!;
    switch (op.kind) {
      case "sleep":
        return yield* machine.wait(within, (end) => {
          const timer = machine.after(op.n, () => end(() => nothing));
          return () => machine.clear(timer);
        });
      case "cede":
        if (machine.target(within) !== null) return machine.unwind(within);
        return yield* machine.giveWay(within);
      case "bare yield":
        return yield* machine.giveWay(within);
      case "fail": {
        const text = `failure ${++this.#failures}`;
        return machine.error(new Problem(() => text));
      }
      case "cancel me":
        machine.cancel(running, place);
        return nothing;
      case "cancel the group":
        if (group !== null) machine.cancel(group, place);
        return nothing;
      case "cancel the scope":
        if (scope !== null) machine.cancel(scope, place);
        return nothing;
      case "move the deadline":
        if (scope !== null) machine.setDeadline(scope, op.n);
        return nothing;
      case "cancel":
        machine.cancel(named, place);
        return nothing;
      case "cancel and await":
        machine.cancel(named, place);
        return yield* this.#join(named, within, true);
      case "await":
        return yield* this.#join(named, within, false);
      case "call":
        return yield* this.#walk(body, around);
      case "catch": {
        const ending = yield* this.#walk(body, around);
        if (ending.how !== "error") return ending;
        machine.note(`${place} catches ${describe(ending.failure.problem)}`);
        return yield* this.#walk(second, around);
      }
      case "clean up":
        return yield* this.#cleanUp(body, second, around, place);
      case "defer": {
        const ending = yield* this.#walk(body, around);
        return yield* this.#release(ending, op.bodies.slice(1).reverse(), around, place);
      }
      case "use": {
        // What was given is the user's own already; then comes a checkpoint.
        const cancelled = machine.target(within) !== null;
        const ending = cancelled ? machine.unwind(within) : yield* this.#walk(body, around);
        machine.note(`${place} releases`);
        return ending;
      }
      case "resource":
        return yield* this.#resource(op, around);
      case "shield":
        return yield* this.#inScope(new Scope(within, running, true), body, around);
      case "scope":
      case "move on":
      case "bounded move on": {
        const own = new Scope(within, running);
        if (op.kind === "bounded move on") machine.limitCleanup(own, op.n / 2 + 1);
        if (op.kind !== "scope") machine.setDeadline(own, op.n);
        const ending = yield* this.#inScope(own, body, { ...around, scope: own });
        if (ending.how !== "unwound" || machine.target(within) !== null) return ending;
        if (ending.failure !== null) return { how: "error", failure: ending.failure };
        return { how: "value", value: op.kind === "scope" ? "cancelled" : "expired" };
      }
      case "timeout": {
        const own = new Timeout(op.n, within, machine);
        const ending = yield* this.#inScope(own, body, { ...around, scope: own });
        return this.#timedOut(own, ending, within);
      }
      case "group":
      case "bounded group": {
        const own = new Group("tasks", within, machine);
        if (op.kind === "bounded group") machine.limitCleanup(own, op.n + 1);
        return yield* this.#inGroup(own, () => this.#walk(body, { ...around, within: own, group: own }));
      }
      case "supervise":
        return yield* this.#inGroup(new Supervision("supervised", within, machine), (own) =>
          this.#walk(body, { ...around, within: own, group: own }),
        );
      case "all":
        return yield* this.#all(op, around);
      case "map":
        return yield* this.#map(op, around);
      case "as completed":
        return yield* this.#asCompleted(op, around);
      case "child":
        return this.#child(body, around);
      case "task": {
        const who = `t${++this.#created}`;
        this.#tasks.push(machine.create(who, this.#run, () => this.#begin(body, { ...around, who })));
        return { how: "value", value: who };
      }
    }
  }

  /** Waits for a task, for its result or for just its end. Its failure is thrown either way. */
  *#join(task: Task, within: Scope, justEnd: boolean): Steps {
    const machine = this.#machine;
    const outcome = (): Ending => (justEnd && task.failure === null ? nothing : this.#outcome(task));
    return yield* machine.wait(
      within,
      (end) => {
        const tell = (): void => end(outcome);
        if (task === machine.running) end(() => machine.error(new Problem(() => "invalid state")));
        if (task === machine.running) return () => {};
        task.observed = true;
        if (task.ending === null) task.whenEnded.push(tell);
        else tell();
        return () => void task.whenEnded.splice(task.whenEnded.indexOf(tell), 1);
      },
      () => [task],
    );
  }

  /** What whoever awaits a task is given that has ended. */
  #outcome({ name, ending, failure, cancelled: cancellation }: Task): Ending {
    if (failure !== null) return this.#machine.error(failure.problem);
    return ending!.how === "value" ? ending! : this.#machine.error(cancelled(name, cancellation!));
  }

  /** Being unwound, cleanup runs to its end whatever is cancelled; on any other way out it is ordinary code. */
  *#cleanUp(body: Program, cleanup: Program, around: Surroundings, place: string): Steps {
    const machine = this.#machine;
    const ending = yield* this.#walk(body, around);
    machine.note(`${place} cleans up`);
    if (ending.how !== "unwound") {
      const after = yield* this.#walk(cleanup, around);
      if (after.how !== "value") return after; // an error that was on its way is lost
      machine.note(`${place} has cleaned up`);
      // Nobody could see the error meanwhile: it is on its way from now on.
      return ending.how === "error" ? machine.error(ending.failure.problem) : ending;
    }
    const inside = new Scope(around.within, machine.running, true);
    const after = yield* this.#leaving(ending, this.#walk(cleanup, { ...around, within: inside }));
    machine.leave(inside);
    if (after.how === "value") machine.note(`${place} has cleaned up`);
    const failure = machine.merge(ending.failure, after.how === "value" ? null : after.failure);
    return { how: "unwound", failure };
  }

  /** What is done while a body is being left that has ended so. */
  *#leaving(ending: Ending, steps: Steps): Steps {
    const { leaving } = this.#machine.running!;
    if (ending.how === "value" || ending.failure === null) return yield* steps;
    leaving.push(ending.failure.problem);
    try {
      return yield* steps;
    } finally {
      leaving.pop();
    }
  }

  /** Waits, whatever is cancelled, until no task of its own is left, since the body has ended so. */
  *#emptied(
    own: { whenEmpty: () => void },
    around: Scope,
    tasks: () => readonly Task[],
    ending: Ending,
  ): Steps {
    const machine = this.#machine;
    const inside = new Scope(around, machine.running, true);
    const wait = machine.wait(
      inside,
      (end) => {
        own.whenEmpty = () => end(() => nothing);
        return () => {};
      },
      tasks,
    );
    const emptied = yield* this.#leaving(ending, wait);
    machine.leave(inside);
    return emptied;
  }

  /** However the body was left, what was deferred runs to its end whatever is cancelled. */
  *#release(ending: Ending, deferred: readonly Program[], around: Surroundings, place: string): Steps {
    const machine = this.#machine;
    const inside = new Scope(around.within, machine.running, true);
    for (const body of deferred) {
      machine.note(`${place} releases`);
      const after = yield* this.#leaving(ending, this.#walk(body, { ...around, within: inside }));
      if (after.how !== "value") ending = machine.addFailure(ending, after.failure);
    }
    machine.leave(inside);
    return ending;
  }

  /** While it is acquired, its task is cancelled with whoever waits; once it has provided, nothing reaches it. */
  *#resource({ bodies: [body = [], acquire = [], release = []] }: Op, around: Surroundings): Steps {
    const machine = this.#machine;
    const { within } = around;
    const who = `t${++this.#created}`;
    let use: Use | null = null;
    // A resource that fails cancels what uses it: from here on that has a scope of its own.
    const cover = new Scope(within, machine.running);
    const tasks = (): Task[] => use!.inner.filter((node) => node instanceof Task);
    let ending = yield* machine.wait(
      within,
      (end) => {
        const own = (use = new Use(cover, machine));
        own.acquired = end;
        machine.create("resource", own, () => this.#hold(own, acquire, release, { ...around, who }));
        return () => void (own.acquired = null);
      },
      tasks,
    );
    if (ending.how === "value") ending = yield* this.#walk(body, { ...around, within: cover });
    const own = use as Use | null;
    if (own === null) {
      machine.leave(cover);
      return ending;
    }
    own.useLeft = true;
    own.over?.();
    if (own.alive > 0 && !own.provided) machine.cancel(own, "nobody uses it");
    if (own.alive > 0) {
      yield* this.#emptied(own, within, tasks, ending);
    }
    machine.leave(own);
    machine.leave(cover);
    return machine.addFailure(ending, own.failure);
  }

  /** The task that holds a resource. */
  *#hold(own: Use, acquire: Program, release: Program, around: Surroundings): Steps {
    const machine = this.#machine;
    const inside = { ...around, within: machine.running! };
    let ending = yield* this.#walk(acquire, inside);
    if (ending.how !== "value") return ending;
    machine.note(`${around.who} provides`);
    ending = yield* machine.wait(inside.within, (end) => {
      own.provided = true;
      const over = (): void => end(() => nothing);
      if (own.useLeft || !own.acquire(() => nothing)) over();
      else {
        own.over = over;
        own.shields = true;
      }
      return () => void (own.over = null);
    });
    if (ending.how !== "value") return ending;
    machine.note(`${around.who} releases`);
    return yield* this.#walk(release, inside);
  }

  *#inScope(own: Scope, body: Program, around: Surroundings): Steps {
    const ending = yield* this.#walk(body, { ...around, within: own });
    this.#machine.leave(own);
    return ending;
  }

  /** The deadline counts if it is what the body was unwound for. */
  #timedOut(own: Timeout, ending: Ending, within: Scope): Ending {
    const machine = this.#machine;
    const counts = ending.how === "unwound" && own.reached;
    if (own.failure !== null && !counts) machine.report("expired-unheard", own.failure.problem);
    if (ending.how !== "unwound") return ending;
    const failure = counts ? machine.merge(ending.failure, own.failure) : ending.failure;
    if (machine.target(within) !== null) return { how: "unwound", failure };
    if (failure !== null) return { how: "error", failure };
    return machine.error(cancelled("timeout", own.cancelled!));
  }

  /** Ends after all of its tasks have, with the body's value or the first failure. */
  *#inGroup(own: Group, body: (own: Group) => Steps): Steps {
    const machine = this.#machine;
    const { outer } = own;
    let ending = yield* body(own);
    if (ending.how !== "value") own.fail(ending.failure);
    // This is a wait, as every other, also for nobody: a cancellation that has come before its end is found.
    if (own.alive === 0) own.overtaken = !own.waitsItself && machine.target(outer) !== null;
    while (own.alive > 0) {
      // The tasks were cancelled if the group was; whatever else comes, it waits for them.
      yield* this.#emptied(own, own, () => own.inner.filter((node) => node instanceof Task), ending);
    }
    if (own.overtaken && ending.how === "value") ending = machine.unwind(own);
    machine.leave(own);
    const { failure } = own;
    if (ending.how === "unwound" && machine.target(outer) !== null) return { how: "unwound", failure };
    if (failure !== null) return { how: "error", failure };
    if (ending.how === "value") return ending;
    return machine.error(cancelled(own.name, own.cancelled as Cancellation));
  }

  /** A group of what it starts, whose body waits until one has no result or all have theirs. */
  *#all({ bodies }: Op, around: Surroundings): Steps {
    const machine = this.#machine;
    const names = bodies.map(() => `t${++this.#created}`);
    const tasks: Task[] = [];
    const own = new Group("all", around.within, machine);
    own.waitsItself = true;
    const ending = yield* this.#inGroup(own, () => {
      for (const [i, body] of bodies.entries()) {
        own.alive++;
        const begin = (): Steps => this.#begin(body, { ...around, who: names[i]! });
        tasks.push(machine.create("begin", own, begin));
      }
      return this.#settled(own, tasks);
    });
    if (ending.how !== "value") return ending;
    return { how: "value", value: tasks.map((task) => (task.ending as { value: unknown }).value) };
  }

  /** The first without a result fails the group; one that was cancelled by itself is such a one, too. */
  *#settled(own: Group, tasks: readonly Task[]): Steps {
    const machine = this.#machine;
    return yield* machine.wait(
      own,
      (end) => {
        let left = tasks.length;
        let listening = true;
        if (left === 0) end(() => nothing);
        for (const task of tasks) {
          task.whenEnded.push(() => {
            const { how } = task.ending!;
            if (!listening || (--left > 0 && how === "value")) return;
            listening = false;
            end(() => nothing);
            if (how === "value") return;
            const { failure } = task;
            own.fail(machine.failure(failure?.problem ?? cancelled("begin", task.cancelled!)));
          });
        }
        return () => void (listening = false);
      },
      () => tasks.filter((task) => task.ending === null),
    );
  }

  /** A group of workers; each goes on to the next body that nobody has taken. */
  *#map({ n, bodies }: Op, around: Surroundings): Steps {
    const machine = this.#machine;
    const results: unknown[] = [];
    let taken = 0;
    const begin = (index: number): Steps =>
      this.#begin(bodies[index]!, { ...around, who: `t${++this.#created}` });
    const work = function* (first: number): Steps {
      for (let index = first; ; index = taken++) {
        const ending = yield* begin(index);
        if (ending.how !== "value") return ending;
        results[index] = ending.value;
        const task = machine.running!;
        if (machine.target(task) !== null) return machine.unwind(task); // nothing new is begun
        if (taken === bodies.length) return nothing;
      }
    };
    const ending = yield* this.#inGroup(new Group("map", around.within, machine), function* (own) {
      while (taken < bodies.length && (n === 0 || taken < n)) {
        const first = taken++;
        own.alive++;
        machine.create("map", own, () => work(first));
      }
      return nothing;
    });
    return ending.how === "value" ? { how: "value", value: results } : ending;
  }

  /** Whatever comes, what still runs when the loop is left is cancelled and awaited. */
  *#asCompleted({ n, bodies }: Op, around: Surroundings): Steps {
    const machine = this.#machine;
    const { within } = around;
    const own = new Completions(n % 3 || Infinity, within, machine);
    const tasks = (): Task[] => own.inner.filter((node) => node instanceof Task);
    const begun = bodies.map((body) => {
      const who = `t${++this.#created}`;
      return () => this.#begin(body, { ...around, who });
    });
    own.start(begun);
    const results: unknown[] = [];
    let ending: Ending = { how: "value", value: results };
    while (results.length < (n >= 3 ? 1 : bodies.length)) {
      const next = yield* machine.wait(within, (end) => {
        const stop = (): void => void (own.whenOneEnded = () => {});
        own.whenOneEnded = () => {
          const task = own.take();
          if (task === undefined) return;
          stop();
          end(() => this.#outcome(task));
        };
        own.whenOneEnded();
        return stop;
      });
      if (next.how !== "value") {
        ending = next;
        break;
      }
      results.push(next.value);
    }
    own.stop();
    if (own.alive > 0) {
      yield* this.#emptied(own, within, tasks, ending);
    }
    machine.leave(own);
    return machine.addFailure(ending, own.failure);
  }

  #child(body: Program, around: Surroundings): Ending {
    const { group } = around;
    const who = `t${++this.#created}`;
    if (group === null) return { how: "value", value: "no group" };
    if (group.left) return { how: "value", value: "invalid state" };
    group.alive++;
    this.#tasks.push(this.#machine.create(who, group, () => this.#begin(body, { ...around, who })));
    return { how: "value", value: who };
  }
}
