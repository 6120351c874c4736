/**
 * Who runs now: the kernel's only global. A loop sets it while it takes a turn and restores it after, so
 * loops may be nested (a `runSync` in a callback) without seeing each other's tasks.
 *
 * The interfaces are the narrow sight that an awaitable has of a task and of its loop. Everything else
 * about tasks is known only to those that run them.
 */
import type { CancelNode } from "./cancel.ts";
import type { Deadlines } from "./deadlines.ts";
import type { Exit } from "./exit.ts";
import type { HostContext, HostContexts } from "./host.ts";
import type { Monitor, Report, TaskInfo } from "./monitor.ts";
import type { Runnable } from "./ready.ts";

/** What surrounds code: see context.ts. Never changed, only replaced, so that any number may share one. */
export interface Context {
  /** The context variables that are set. */
  readonly values: ReadonlyMap<object, unknown> | null;
  readonly host: HostContext | null;
}

/** The loop, as tasks and waits see it. */
export interface LoopPort {
  readonly deadlines: Deadlines;
  /** The contexts of the host, where it keeps any. */
  readonly contexts: HostContexts | null;
  /** Set when somebody observes; asked before anything is told, so that nobody pays for silence. */
  readonly monitor: Monitor | null;
  /** How many tasks are parked on something that only the outside can end. */
  externals: number;
  /** How many promises are waited for, or were, that have not settled. */
  hostWork: number;
  /** The waits that end once nobody is ready and nothing is due: see all-parked.ts. */
  readonly whenParked: Set<{ complete(): boolean }>;
  /** What aborts the signals of what was cancelled: see `abortSignals`. */
  readonly signals: Set<Runnable>;
  /** How many tasks were created in it. */
  created: number;
  /** Decides between so many that come at once: see `Scheduler.tie`. */
  tie?: ((count: number) => number) | undefined;
  /** The time of this turn, in milliseconds. */
  now(): number;
  /** Puts something behind whatever is ready, and sees to it that the loop turns. */
  enqueue(runnable: Runnable): void;
  /** A deadline was set, perhaps from outside a turn: sees to it that the host hears of it. */
  lookAgain(): void;
  /** `root`: the run that it is of, unless that is the one that runs now. */
  report(report: Report, root?: Root | null): void;
  /** A wait begins that can tell who could end it: it may be the last one of a circle. */
  suspect(task: Runner, wait: Parked): void;
  /** A callback threw. The run whose task made it fails; where it is nobody's (`null`), whatever runs. */
  callbackFailed(error: unknown, root: Root | null): void;
}

/** Who could end a wait. */
export interface Enders {
  /** Tasks that have not ended. */
  readonly tasks: Iterable<Runner>;
  /** Whether any one of them could, or it takes them all. */
  readonly any: boolean;
}

/** What a task is parked on, as the task sees it. */
export interface Parked {
  readonly label: string;
  readonly external: boolean;
  /**
   * Where tasks alone can end it: who could; `null` if that is not known after all. A wait that has this says so
   * to the loop when it begins: see `suspect`.
   */
  enders?(): Enders | null;
  /** Ends it with an error. False if it has ended already, or no error can end it. */
  fail(error: unknown): boolean;
  /** Takes the claim for a cancellation. */
  cancel(): void;
  /** Undoes what was arranged. Called once, after `cancel`. */
  abort(): void;
}

/** The run that a task belongs to, as the task sees it. */
export interface Root extends CancelNode {
  readonly loop: LoopPort;
  /** The task whose outcome is the run's; `null` if it has none. */
  readonly main: object | null;
  /** When cleanup will be abandoned, in milliseconds of the loop's clock: once the run ends. */
  readonly deadline: number;
  /** Whether it remembers where things were made. */
  readonly debug: boolean;
  /** The run that the program began: this one, unless it is a part of that. */
  readonly whole: Root;
  /** Fails the run with an error that is nobody else's, or, for an escape, whatever its outcome would be otherwise. */
  fail(error: unknown): void;
}

/** The running task, as awaitables and scopes see it. */
export interface Runner extends TaskInfo {
  readonly root: Root;
  readonly loop: LoopPort;
  /** The task that created it; `null` when it was created from outside, and once it has ended. */
  readonly creator: TaskInfo | null;
  /** What surrounds its code. Replaced when it sets a context variable. */
  context: Context | null;
  /** How many cancelled scopes are around its frames, itself included. */
  marks: number;
  /** What it is parked on. Written by that wait; taken back by whoever claims it. */
  wait: Parked | null;
  /** Whether a cancellation is to be delivered now: pending, and not held back by a shield or by cleanup. */
  interrupted(): boolean;
  /** The scope of what it calls and creates now. */
  calleeScope(): CancelNode;
  /** Has an exit run when the frame that runs now is left; the function takes it back. */
  onLeave(exit: Exit): () => void;
  /** Makes it ready: its wait has ended. */
  wake(): void;
  /** Takes its wait from it and makes it ready, if it is parked and interrupted. */
  interrupt(): void;
}

/** Nobody runs. */
const nobody = {
  /** The task that runs; `null` between tasks and outside. */
  task: null as Runner | null,
  /** What surrounds the step that is taken. A task may have replaced its own since. */
  context: null as Context | null,
  /** Where a wait or a callee of the running task has parked on this step: any further poll is a mistake. */
  parked: false,
  /** How many callees run inline, on the native stack. */
  depth: 0,
  /** The task is inside the synchronous part of a `return(token)`: see escape.ts. */
  returning: false,
  /** What a `return(token)` was caught at. */
  escape: null as string | null,
  /** Frames are being cut: whatever parks now is dropped. */
  cutting: false,
  /** What became of their cleanup, in words: see `Task.abandon`. */
  why: "lost its owner",
};

interface Outside {
  /** Who observes the loop that turns now; set and restored by that. */
  monitor: Monitor | null;
  /** Whether any run remembers where things were made: see place.ts. */
  debug: boolean;
  /** Whether what coroutine functions make is recorded: see unawaited.ts. */
  recording: boolean;
  /** The loop of whatever is made outside every task; `null` until there is one. */
  defaultLoop: LoopPort | null;
}

export const current: typeof nobody & Outside = {
  ...nobody,
  monitor: null,
  defaultLoop: null,
  debug: false,
  recording: false,
};

/** For a loop that is run by hand in a task of another: nobody runs, until the function is called. */
export function setAside(): () => void {
  const { defaultLoop: _, debug: __, recording: ___, ...outer } = current;
  Object.assign(current, nobody);
  return () => void Object.assign(current, outer);
}
