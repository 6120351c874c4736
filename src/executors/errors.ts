/** The errors of executors, for each of which a caller may want to do something of its own. */

/** The module that serves the jobs exports no function of that name. */
export class UnknownJobError extends Error {
  override readonly name = "UnknownJobError";
}

/** What was to be sent to a job, or back from it, is no plain data: a function, say, or a promise. */
export class PayloadError extends TypeError {
  override readonly name = "PayloadError";
}

/**
 * The worker that ran a job has ended: by `process.exit`, for lack of memory, by an error that nobody caught, or since the
 * job did not stop when it was cancelled. The job had begun, so how far it came is not known.
 */
export class WorkerLostError extends Error {
  override readonly name = "WorkerLostError";
  /** The job, in words: "job resize". */
  readonly job: string;
  /** The worker: "worker 2". */
  readonly worker: string;

  constructor(message: string, job: string, worker: string, options?: ErrorOptions) {
    super(message, options);
    this.job = job;
    this.worker = worker;
  }
}

/** So many calls wait already that a further one is refused: see `maxWaiting`. */
export class ExecutorFullError extends Error {
  override readonly name = "ExecutorFullError";
}

/** The executor is closed, or was while the job ran. */
export class ExecutorClosedError extends Error {
  override readonly name = "ExecutorClosedError";
}

/**
 * The engine has lost the job: its Redis was restarted without having kept it, say, or somebody removed it. Whether it ran
 * is not known.
 */
export class JobLostError extends Error {
  override readonly name = "JobLostError";
  /** The job, in words: "job resize". */
  readonly job: string;

  constructor(message: string, job: string) {
    super(message);
    this.job = job;
  }
}
