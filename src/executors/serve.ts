/** How a worker serves one job, wherever it is: the same on this loop, on a thread and on another machine. */
import { coroutine, type Awaitable, type Coroutine } from "../index.ts";
import { asJob, type CurrentJob } from "./current-job.ts";
import { plainError, type Envelope } from "./envelope.ts";
import { jobNamed, perform, type JobModule } from "./module.ts";
import { checkPayload, copyPayload } from "./payload.ts";
import { untransfer, type Movable } from "./transfer.ts";

/** A job that is to be served. */
export interface Request extends CurrentJob {
  readonly args: readonly unknown[];
  /** How long a promise may take to settle once the job is cancelled, in milliseconds. */
  readonly grace: number;
  /** What its caller waits for, in words, where that is a task of this loop. */
  readonly label?: () => string;
  /** Hears that the function has returned, perhaps a promise: from now on it does not keep the thread for itself. */
  readonly returned?: (isTold: boolean) => void; // whether what it returned hears of a cancellation
}

/** What comes of it, and what of that is to be moved. */
export interface Served {
  readonly envelope: Envelope;
  readonly buffers: readonly Movable[];
}

/** Serves a job: it never throws, but for being cancelled. `where`: what its module is called in messages. */
export const serve: (module: JobModule, where: string, request: Request) => Coroutine<Served> = coroutine(
  function* serve(module: JobModule, where: string, request: Request): Awaitable<Served> {
    try {
      const fn = jobNamed(module, request.name, where);
      const made = yield* asJob(request, () => perform(fn, request.args, request.grace, request.returned));
      const { value, buffers } = untransfer(made);
      const what = `the result of job ${request.name}`;
      checkPayload(value, what, buffers);
      if (buffers.length === 0) return { envelope: { ok: true, value }, buffers };
      // Moved here first: whatever cannot be moved fails for this job alone, and does not end its worker on the way out.
      const moved = copyPayload({ value, buffers }, what, buffers);
      return { envelope: { ok: true, value: moved.value }, buffers: moved.buffers };
    } catch (error) {
      return { envelope: { ok: false, error: plainError(error) }, buffers: [] };
    }
  },
);
