/**
 * The events of a trace file: what happened in a program, in order, for whoever draws it, searches it or replays it.
 *
 * A file has a header, then a line of JSON for each event. A reader skips the types and the fields that it does not know:
 * there will be more of them. Tasks are told by their numbers, which their `spawn` gives a name; callbacks, where they have
 * a step, by negative ones; a deadline that passes by itself, by 0.
 */
import type { JobEvent, Report, WaitKind } from "../../lowlevel.ts";

/** The first line. */
export interface TraceHeader {
  readonly type: "trace";
  readonly version: 1;
  /** Whether its times are those of a clock that the program, or a test, moves. */
  readonly clock: "virtual" | "real";
  /** What decided the order of its steps, and what it drew at random. */
  readonly seed: number;
  /** What it ran on: "node 24.1.0". */
  readonly runtime: string;
}

/** When, in whole microseconds of the program's clock. */
interface Timed {
  readonly t: number;
}

/** What is waited for, held or filled. */
export interface TraceTarget {
  /** What it is called: `lock "db"`; "deposit#2" for a task. */
  readonly name: string;
  /** The number of the task that it is. */
  readonly task?: number;
  /** Of anything else, a number of its own in this trace, whatever it is called: the same in every event. */
  readonly object?: number;
}

/** A task was created. */
export interface SpawnEvent extends Timed {
  readonly type: "spawn";
  readonly task: number;
  readonly name: string;
  /** The task that created it; none: from outside. */
  readonly by?: number | undefined;
  /** Where. Here as below, places are known in debug mode: "file:///app/api.ts:40:7". */
  readonly place?: string | undefined;
}

/** Several were ready: who has the next step. */
export interface ChoiceEvent extends Timed {
  readonly type: "choice";
  readonly step: number;
  readonly chosen: number;
  /** In the order in which they had become ready. */
  readonly ready: readonly number[];
}

/** A task, a callback or a deadline has its step. What follows, until the next one, happens in it. */
export interface StepEvent extends Timed {
  readonly type: "step";
  readonly task: number;
  /** What has no `spawn`: "callback 1". */
  readonly name?: string;
  /** In microseconds; 0 on a virtual clock. */
  readonly duration: number;
  /** Since when it was ready: it was created, woken, cancelled, gave way; or the loop called it back. */
  readonly why: "spawn" | "wake" | "cancel" | "cede" | "callback";
  /** The task that made it so; none: time, or the outside. */
  readonly by?: number | undefined;
  /** From 1. */
  readonly step: number;
  /** Whether it was another one's turn. */
  readonly outOfTurn: boolean;
}

/** A task has nothing more to do until something is there, or has happened. */
export interface WaitEvent extends Timed {
  readonly type: "wait";
  readonly task: number;
  readonly kind: WaitKind;
  /** What for, in words: `lock "db" held by writer#3`. */
  readonly label: string;
  /** Whether something outside the loop may end it. */
  readonly external: boolean;
  /** The thing that it waits for, if there is one: not of a sleep, nor of a promise. */
  readonly target?: TraceTarget | undefined;
  /** The line of the program where it waits. */
  readonly place?: string | undefined;
}

/** A task that waited is ready. */
export interface WakeEvent extends Timed {
  readonly type: "wake";
  readonly task: number;
  /** The task that woke it; none: time, or the outside. */
  readonly by?: number | undefined;
}

/** A cancellation: asked for, delivered to the task where it stands, and done with when it has ended. */
export interface CancelEvent extends Timed {
  readonly type: "cancel";
  readonly task: number;
  readonly phase: "asked" | "delivered" | "done";
  /** The name of the task that asked. */
  readonly by?: string | undefined;
  /** What asked, where no task did: "timeout 5 s (set by checkout#12)". */
  readonly source?: string | undefined;
  /** Where it was asked for. */
  readonly place?: string | undefined;
}

/** A task has ended; or a callback, or a deadline, is over. */
export interface DoneEvent extends Timed {
  readonly type: "done";
  readonly task: number;
  readonly outcome: "result" | "error" | "cancelled";
}

/** Something changes hands. */
export interface ResourceEvent extends Timed {
  readonly type: "resource";
  /**
   * "acquire" and "release": a lock, permits of a semaphore, a token of a limiter. "put", "take" and "drop": an item of a
   * channel; one that is dropped found no room. An item that is handed over directly is put and taken at once.
   */
  readonly what: "acquire" | "release" | "put" | "take" | "drop";
  readonly target: TraceTarget;
  /** Who acquires, puts or takes it, and who held it or releases it; none: no task. */
  readonly task?: number | undefined;
  /** Acquired or released: how many. */
  readonly count?: number;
  /** Put, taken or dropped: how many items are in the channel then. */
  readonly depth?: number;
}

/** Something becomes of a job of an executor. */
export interface TraceJobEvent extends Timed {
  readonly type: "job";
  /** "queued": it is called; "started", "restarted" after its worker was lost; "ended". */
  readonly what: JobEvent["what"];
  /** The same in all events of one call. */
  readonly id: string;
  /** What it is called: "resize". */
  readonly job: string;
  /** What its executor is called: "threads". */
  readonly executor: string;
  /** Where it runs, once it has begun: "worker 2". */
  readonly worker?: string | undefined;
  /** The task that waits for it. */
  readonly task: number;
  /** Once it has ended. */
  readonly outcome?: JobEvent["outcome"];
}

/** A value that is watched was read, or set. */
export interface VariableEvent extends Timed {
  readonly type: "variable";
  readonly task: number;
  readonly name: string;
  readonly access: "read" | "write";
  /** In words. */
  readonly value: string;
}

/** Something went wrong that no caller could be told. */
export interface WarningEvent extends Timed {
  readonly type: "warning";
  readonly kind: Report["kind"];
  readonly message: string;
  /** The task that it is about. */
  readonly task?: number | undefined;
}

/** One line of a trace file. */
export type TraceEvent =
  | SpawnEvent
  | ChoiceEvent
  | StepEvent
  | WaitEvent
  | WakeEvent
  | CancelEvent
  | DoneEvent
  | ResourceEvent
  | TraceJobEvent
  | VariableEvent
  | WarningEvent;
