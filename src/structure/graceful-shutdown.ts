/**
 * Ending in two steps: first nothing new is taken, and what runs may finish; what has not after some time is cancelled.
 * Both are scopes: whatever takes work runs in ones that are cancelled at once, all of it in one whose deadline is set
 * then. How the work itself is grouped is not its concern.
 */
import type { Awaitable, Body } from "../kernel/awaitable.ts";
import { coroutine, type Coroutine } from "../kernel/coroutine.ts";
import { current } from "../kernel/current.ts";
import { describe } from "../kernel/misuse.ts";
import { park, type ParkedWait } from "../kernel/park.ts";
import { checkDelay } from "../kernel/sleep.ts";
import { cancelScope, type CancelScope, type ScopeResult } from "./cancel-scope.ts";
import type { ScopeOptions } from "./cleanup-timeout.ts";
import { taskGroup } from "./task-group.ts";
import { moveOnAfter } from "./timeout.ts";

/** How long work may go on once the end has come. */
export interface GracefulShutdownOptions extends ScopeOptions {
  /** How long, in milliseconds, before it is cancelled: 10,000 unless given. 0 cancels at once, `Infinity` never. */
  grace?: number;
}

/** What the body of a `gracefulShutdown` is given. */
export interface Shutdown {
  /** Whether the end has come. */
  readonly begun: boolean;
  /**
   * Runs `body`, which takes work, until the end comes: then it is cancelled, and tells so. After that nothing of it is
   * run at all. What it had taken already is not lost: a wait that was over before gives its value.
   *
   * @throws what the body throws.
   */
  intake<T>(body: Body<T>): Awaitable<ScopeResult<T>>;
}

/** How the work has ended: by itself, with a value, or cancelled, since the grace was over. */
export type ShutdownResult<T> =
  | { readonly drained: true; readonly value: T }
  | { readonly drained: false; readonly value: undefined };

/**
 * Runs `body` until it ends by itself, as it should soon after `stop`: from then on whatever runs in `shutdown.intake`
 * is cancelled, so that nothing new is taken, and the rest may finish. What has not after `grace` milliseconds is
 * cancelled; its cleanup runs to its end.
 *
 * `stop` is an `AbortSignal`, or anything to await: an event's wait, a future.
 *
 * @throws what `body` throws, or awaiting `stop`; RangeError if `grace` or `cleanupTimeout` is negative or not a
 * number; TypeError if `stop` is neither a signal nor an awaitable.
 * @example
 * ```ts
 * import { gracefulShutdown, run, sleep, taskGroup } from "cede";
 *
 * const controller = new AbortController();
 * const { drained } = await run(() =>
 *   gracefulShutdown(controller.signal, (shutdown) =>
 *     taskGroup(function* (group) {
 *       yield* shutdown.intake(function* () {
 *         for (let request = 1; ; request++) {
 *           group.createTask(function* handle() {
 *             yield* sleep(200);
 *             console.log(`request ${request} is answered`);
 *           });
 *           if (request === 2) controller.abort(); // as SIGTERM would
 *           yield* sleep(5); // until the next one comes
 *         }
 *       });
 *       console.log("no more requests");
 *     }),
 *   ),
 * );
 * console.log(drained);
 * // prints: no more requests
 * // prints: request 1 is answered
 * // prints: request 2 is answered
 * // prints: true
 * ```
 */
export function gracefulShutdown<T>(
  stop: AbortSignal | Awaitable<unknown>,
  body: (shutdown: Shutdown) => Awaitable<T>,
  { grace = 10_000, ...options }: GracefulShutdownOptions = {},
): Coroutine<ShutdownResult<T>> {
  checkDelay("shut down with a grace of", grace);
  const signal = typeof AbortSignal !== "undefined" && stop instanceof AbortSignal ? stop : null;
  if (signal === null && typeof (stop as Awaitable<unknown> | null)?.[Symbol.iterator] !== "function") {
    throw new TypeError(
      `Cannot shut down on ${describe(stop)}: it takes an AbortSignal, or something to await (a future, say).`,
    );
  }
  return shuttingDown(signal, stop as Awaitable<unknown>, body, grace, options);
}

const shuttingDown = coroutine(function* gracefulShutdown<T>(
  signal: AbortSignal | null,
  stop: Awaitable<unknown>,
  body: (shutdown: Shutdown) => Awaitable<T>,
  grace: number,
  options: ScopeOptions,
): Awaitable<ShutdownResult<T>> {
  // Looked at here, and not where this was called: the signal may have been aborted in between.
  const shutdown = new Intakes(signal?.aborted === true);
  const { expired, value } = yield* taskGroup(
    (group) =>
      moveOnAfter(
        Infinity,
        (scope) => {
          const watch = function* (): Awaitable<void> {
            yield* signal === null ? stop : aborted(signal);
            shutdown.begin();
            scope.deadline = current.task!.loop.now() + grace;
          };
          group.createTask(watch, { background: true, name: "shutdown" });
          return body(shutdown);
        },
        options,
      ),
    { name: "shutdown" },
  );
  return expired ? { drained: false, value: undefined } : { drained: true, value };
});

class Intakes implements Shutdown {
  begun: boolean;
  readonly #open = new Set<CancelScope>();

  constructor(begun: boolean) {
    this.begun = begun;
  }

  begin(): void {
    this.begun = true;
    for (const scope of this.#open) scope.cancel("no more work is taken");
  }

  intake<T>(body: Body<T>): Awaitable<ScopeResult<T>> {
    return taking(this, this.#open, body);
  }
}

const taking = coroutine(function* intake<T>(
  shutdown: Shutdown,
  open: Set<CancelScope>,
  body: Body<T>,
): Awaitable<ScopeResult<T>> {
  if (shutdown.begun) return { cancelled: true, value: undefined };
  let entered: CancelScope | null = null;
  try {
    return yield* cancelScope((scope) => {
      open.add((entered = scope));
      return body();
    });
  } finally {
    if (entered !== null) open.delete(entered);
  }
});

/** Waits until a signal is aborted. */
function aborted(signal: AbortSignal): Awaitable<void> {
  return park({ label: "an AbortSignal" }, (wait: ParkedWait<void>) => {
    const onAbort = (): void => void wait.complete();
    if (signal.aborted) return onAbort();
    signal.addEventListener("abort", onAbort, { once: true });
    return () => signal.removeEventListener("abort", onAbort);
  });
}
