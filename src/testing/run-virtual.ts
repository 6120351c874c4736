import { EventLoop, type Awaitable, type EventLoopOptions, type RunOptions } from "../index.ts";
import { VirtualClock } from "./virtual-clock.ts";

/**
 * Runs a program on a virtual clock: it has ended when this returns, however long it sleeps, unless it waits
 * for the outside (a promise, a future). Time never jumps over what the outside is still to bring: it stands
 * still while the platform has work under way that was begun after the clock was made.
 *
 * @throws (rejects) as `run` does.
 * @example
 * ```ts
 * import { sleep, timeout, until } from "cede";
 * import { runVirtual } from "cede/testing";
 *
 * const ping = () => new Promise<string>((resolve) => setTimeout(resolve, 5, "pong"));
 * const answer = await runVirtual(function* () {
 *   yield* sleep(3_600_000); // takes no time
 *   return yield* timeout(1, () => until(ping())); // takes what it takes: time stands still meanwhile
 * });
 * console.log(answer); // prints: pong
 * ```
 */
export function runVirtual<T>(
  main: Awaitable<T> | (() => Awaitable<T>),
  options: Omit<EventLoopOptions, "host"> & RunOptions & { host?: VirtualClock } = {},
): Promise<T> {
  const host = options.host ?? new VirtualClock();
  const promise = new EventLoop({ onReport: () => {}, ...options, host }).runUntilComplete(main, options);
  host.runInside();
  return promise;
}
