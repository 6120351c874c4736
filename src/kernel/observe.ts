import { current, type LoopPort, type Root, type Runner } from "./current.ts";
import { InvalidStateError } from "./errors.ts";
import type { JobEvent, Report, TaskInfo } from "./monitor.ts";

/** Tells whoever observes the loop of one task what becomes of a job that it waits for. */
export interface JobObserver {
  readonly task: TaskInfo;
  /** The time of its loop, in milliseconds. */
  now(): number;
  /** Whether anybody hears: ask before you make an event of what is told often. */
  readonly heard: boolean;
  tell(event: Omit<JobEvent, "task">): void;
  /** Reports what went wrong where the job runs, and no caller can be told: to the `onReport` of the task's run. */
  report(report: Report): void;
}

/**
 * The observer of the running task's loop: for executors of your own.
 *
 * @throws InvalidStateError outside every task.
 * @example
 * ```ts
 * import { EventLoop } from "cede";
 * import { jobObserver, type Monitor } from "cede/lowlevel";
 *
 * const monitor: Monitor = {
 *   job: ({ what, job, worker, task }) => console.log(`${job} for ${task.name}: ${what} on ${worker}`),
 * };
 * await EventLoop.run(
 *   function* main() {
 *     jobObserver().tell({ what: "started", id: "1", job: "resize", executor: "mine", worker: "gpu 0" });
 *   },
 *   { monitor },
 * );
 * // prints: resize for main#1: started on gpu 0
 * ```
 */
export function jobObserver(): JobObserver {
  const task: Runner | null = current.task;
  if (task === null) {
    throw new InvalidStateError(
      "Cannot tell of a job: no task is running here. Ask inside the coroutine that waits for it.",
    );
  }
  return new Observer(task);
}

class Observer implements JobObserver {
  readonly task: TaskInfo;
  readonly #loop: LoopPort;
  readonly #root: Root;

  constructor(task: Runner) {
    this.task = task;
    this.#loop = task.loop;
    this.#root = task.root;
  }

  get heard(): boolean {
    return this.#loop.monitor?.job !== undefined;
  }

  now(): number {
    return this.#loop.now();
  }

  tell(event: Omit<JobEvent, "task">): void {
    this.#loop.monitor?.job?.({ ...event, task: this.task });
  }

  report(report: Report): void {
    this.#loop.report(report, this.#root);
  }
}
