/**
 * What an observer hears. The kernel tells and never asks: a monitor cannot change what happens, and one
 * that throws is dropped. The names are those of the trace file's events.
 */

/** A task as an observer may see it. */
export interface TaskInfo {
  readonly id: number;
  readonly name: string;
  /** What the task is parked on, in words; `undefined` while it is not parked. */
  readonly waitingFor: string | undefined;
}

/** What kind of thing is waited for. */
export type WaitKind =
  | "sleep" // a time
  | "task" // the end of a task
  | "tasks" // the ends of several: `all`, `race`, `asCompleted` …
  | "group" // the ends of the tasks of a group
  | "start" // that a task says it is ready
  | "future"
  | "promise"
  | "lock"
  | "semaphore"
  | "limiter"
  | "rate" // its turn, at a rate limiter
  | "condition"
  | "event"
  | "barrier"
  | "once"
  | "send" // room in a channel
  | "receive" // an item of a channel
  | "join" // that nothing of a channel is left to do
  | "watch"
  | "select"
  | "resource"
  | "job" // the end of a job of an executor, or a worker for it
  | "other";

/** What is waited for, held or filled, as an observer may see it: a lock, a channel, a task. The same object each time. */
export interface Target {
  /** What it is called: `lock "db"`; `undefined` where its label says that. */
  readonly title?: string | undefined;
  /** What it is called, and, if there is a title, how it stands. */
  readonly label?: string | undefined;
}

/** A wait as an observer may see it. */
export interface WaitInfo {
  /** What it is for, in words: "sleep 100 ms". */
  readonly label: string;
  /** Whether something outside the loop may end it. */
  readonly external: boolean;
  /** What kind of thing is waited for, and the thing itself if it is one; where there is no such method, "other". */
  subject?(): { readonly kind: WaitKind; readonly target?: Target | undefined };
}

/** A cancellation: what was asked, once, of a scope or a task. */
export interface Cancellation {
  readonly reason: unknown;
  /** The name of the task that asked; `undefined` when it came from outside the loop. */
  readonly by: string | undefined;
  /** What asked, where no task did: "timeout 5 s (set by checkout#12)". */
  readonly source?: string | undefined;
  /** In debug mode, where it was asked: "file:///app/api.ts:40:7". */
  readonly place?: string | undefined;
  /** When, by the loop's clock in milliseconds. */
  readonly at: number;
}

/** What becomes of a job of an executor. */
export interface JobEvent {
  /** "queued": it is called; "started", "restarted" after its worker was lost; "ended". */
  readonly what: "queued" | "started" | "progress" | "restarted" | "ended";
  /** Its number, or what it is known by: the same in all of its events. */
  readonly id: string;
  /** The name of the job. */
  readonly job: string;
  /** What the executor is called: "threads". */
  readonly executor: string;
  /** Where it runs, once it has begun: "worker 2". */
  readonly worker: string | undefined;
  /** The task that waits for it. */
  readonly task: TaskInfo;
  /** Once it has ended: how. "lost": its worker ended while it ran. */
  readonly outcome?: "result" | "error" | "cancelled" | "lost";
  /** Of progress: what it told. */
  readonly value?: unknown;
}

/** Something that went wrong where no caller can be told, or that a caller was told only in part. */
export interface Report {
  readonly kind:
    | "suppressed-error" // a later error gave way to the first one
    | "task-failed" // a task failed that nobody awaits, and that fails nothing else, or that begins anew
    | "late-error" // host work failed after nobody waited for it any more
    | "late-result" // host work gave a result after nobody waited for it any more
    | "slow-cleanup" // cleanup that takes long, or a frame that escaped
    | "cleanup-abandoned" // cleanup that exceeded its bound was cut
    | "escape" // a frame that was being cancelled went on
    | "expired-unheard" // a deadline passed where a cancellation had come first
    | "never-awaited" // a coroutine was made that nobody awaited
    | "released-by-caller" // what a plain helper defers, or uses, belongs to its caller: told in debug mode
    | "work-abandoned" // host work did not end after its signal was aborted
    | "work-ended" // what was abandoned, and reported so, has ended after all
    | "lock-broken" // a task ended while it held a lock
    | "loop-held" // a task kept the loop from its host
    | "monitor-dropped"; // a monitor threw
  readonly message: string;
  readonly task: string | undefined;
  readonly error?: unknown;
  /** Of cleanup: what it cleans up for. */
  readonly cancellation?: Cancellation | undefined;
}

/** Implement what you want to hear. Every method is called synchronously and must return soon. */
export interface Monitor {
  /** A task was created, by the task that ran then (`null`: from outside). */
  spawn?(task: TaskInfo, by: TaskInfo | null): void;
  /** A task begins to run. */
  step?(task: TaskInfo): void;
  /** A task parked. */
  wait?(task: TaskInfo, wait: WaitInfo): void;
  /** A parked task is ready again; `by` is the task that woke it (`null`: the host, a timer). */
  wake?(task: TaskInfo, by: TaskInfo | null): void;
  /** `asked`: a task is to be cancelled; `delivered`: it begins to unwind; `done`: it has ended so. */
  cancel?(task: TaskInfo, phase: "asked" | "delivered" | "done", cancellation: Cancellation): void;
  /** A task ended. */
  done?(task: TaskInfo, outcome: "result" | "error" | "cancelled"): void;
  /**
   * Something changes hands. "acquire", "release": a lock, a limiter's token, or so many permits of a semaphore (`count`).
   * "put", "take", "drop": an item, after which there are `count` in the channel. `task`: who acquires, puts or takes, and
   * who held or releases; `null`: no task. `hold`: the guard, where it is known. Told while the loop turns: what a callback
   * of the host releases, say, is not.
   */
  resource?(
    what: "acquire" | "release" | "put" | "take" | "drop",
    target: Target,
    count: number,
    task: TaskInfo | null,
    hold?: object,
  ): void;
  /** Something became of a job. */
  job?(event: JobEvent): void;
  report?(report: Report): void;
}
