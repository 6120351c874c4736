import { EventLoop, type Awaitable, type EventLoopOptions, type RunOptions } from "../index.ts";
import { VirtualClock } from "./virtual-clock.ts";

/**
 * Runs a program on a virtual clock: it has ended when this returns, however long it sleeps, unless it waits
 * for the outside (a promise, a future). What has settled there is heard of before time jumps; what takes
 * real time is jumped over.
 *
 * @throws (rejects) as `run` does.
 * @example
 * ```ts
 * import { sleep, timeout, TimeoutError, until } from "cede";
 * import { runVirtual } from "cede/testing";
 *
 * const silentServer = new Promise<string>(() => {});
 * const answer = await runVirtual(function* () {
 *   yield* sleep(3_600_000); // takes no time
 *   try {
 *     return yield* timeout(5000, () => until(silentServer)); // neither does this
 *   } catch (error) {
 *     return (error as TimeoutError).message;
 *   }
 * });
 * console.log(answer); // prints: Timed out after 5 s.
 * ```
 */
export function runVirtual<T>(
  main: Awaitable<T> | (() => Awaitable<T>),
  options: EventLoopOptions & RunOptions & { host?: VirtualClock } = {},
): Promise<T> {
  const host = options.host ?? new VirtualClock();
  const loop = new EventLoop({ ...options, host });
  const promise = loop.runUntilComplete(main, options);
  host.runAll(() => loop.statistics.external > 0);
  return promise;
}
