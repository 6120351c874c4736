import type { Awaitable } from "../index.ts";
import type { Call } from "./call.ts";
import { plainError, type Envelope } from "./envelope.ts";
import { opened, type Engine, type Tell } from "./executor.ts";
import type { Jobs } from "./jobs.ts";
import type { JobModule } from "./module.ts";
import { checkNames } from "./option-names.ts";
import { checkCount, checkTime, EXECUTOR, GRACE, type ExecutorOptions } from "./options.ts";
import { checkPayload, copyPayload } from "./payload.ts";
import { Places } from "./places.ts";
import { pass, passNow } from "./senders.ts";
import { serveSending, type Link } from "./sending.ts";

/** How jobs are run on this loop. */
export interface InlineOptions extends ExecutorOptions {
  /** How many run at once: 1,000 unless given. */
  concurrency?: number;
}

const WORKER = "this loop";

class Inline implements Engine {
  readonly kind = "inline";
  readonly workers = 1;
  readonly #module: JobModule;
  readonly #grace: number;
  readonly #places: Places;

  constructor(module: JobModule, options: InlineOptions) {
    checkNames("run jobs inline", options, { ...EXECUTOR, concurrency: true });
    const { concurrency = 1000, maxWaiting = Infinity, grace = GRACE } = options;
    checkCount("concurrency", concurrency);
    checkCount("maxWaiting", maxWaiting, 0);
    checkTime("grace", grace);
    this.#module = module;
    this.#grace = grace;
    this.#places = new Places(concurrency, maxWaiting);
  }

  get waiting(): number {
    return this.#places.waiting;
  }

  run(call: Call, tell: Tell): Awaitable<Envelope> {
    return this.#places.hold(call, () => this.#serve(call, tell));
  }

  *#serve(call: Call, tell: Tell): Awaitable<Envelope> {
    tell.started(WORKER);
    const { name, id, attempt, title } = call;
    const args = copyPayload(call.args, `the arguments of ${title}`, call.transfer);
    let ended = false;
    const progress = (value: unknown): void => {
      checkPayload(value, `the progress of job ${name}`);
      if (!ended) tell.progress(copyPayload(value, `the progress of ${title}`));
    };
    const label = (): string => call.label;
    const request = { name, id, attempt, worker: WORKER, progress, args, grace: this.#grace, label };
    const at = call.senders.map((one) => one.at);
    try {
      const served = yield* serveSending(this.#module, "the module", request, at, linkOf(call));
      return copyPayload(served.envelope, `the result of ${title}`, served.buffers);
    } catch (error) {
      return { ok: false, error: plainError(error) }; // of what the job left; or it cancelled itself
    } finally {
      ended = true;
    }
  }
}

/** Items go a short way here, but the same: checked, copied, one at a time. */
function linkOf(call: Call): Link {
  return {
    send(at, item, answer, now) {
      const copy = copyPayload(item, `an item of ${call.title}`);
      if (!now) return pass(call.senderAt(at), copy, answer);
      answer(passNow(call.senderAt(at), copy));
    },
    closed: (at) => call.senderAt(at).close(),
  };
}

/**
 * Runs the jobs of a module on this loop: what `threads` and `cluster` are measured by, and what tests take in their place.
 * Arguments and results are copied here too, so that a program that works here works there. It belongs to the coroutine that
 * calls it: when that is left, it takes no more calls, and waits for those that run.
 *
 * @throws TypeError if `module` is no module; RangeError for options that are no numbers they could be.
 * @example
 * ```ts
 * import { coroutine, run, sleep } from "cede";
 * import { inline } from "cede/executors";
 *
 * const greet = coroutine(function* greet(name: string) {
 *   yield* sleep(1);
 *   return `Hello ${name}`;
 * });
 * await run(function* () {
 *   const jobs = yield* inline({ greet }); // or: inline(await import("./jobs.ts")), given to `run`
 *   console.log(yield* jobs.greet("World")); // prints: Hello World
 * });
 * ```
 */
export function inline<M extends object>(module: M, options: InlineOptions = {}): Awaitable<Jobs<M>> {
  if (typeof module !== "object" || module === null) {
    throw new TypeError(
      "Cannot run jobs inline without their module: `import * as jobs from …`, then `inline(jobs)`.",
    );
  }
  return opened<M>(new Inline(module as JobModule, options), options);
}
