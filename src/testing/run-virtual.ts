import { EventLoop, type Awaitable, type EventLoopOptions, type RunOptions } from "../index.ts";
import { VirtualClock } from "./virtual-clock.ts";

/**
 * Runs a program on a virtual clock: it has ended when this returns, however long it sleeps, unless it waits
 * for promises.
 */
export function runVirtual<T>(
  main: Awaitable<T> | (() => Awaitable<T>),
  options: Omit<EventLoopOptions, "host"> & RunOptions & { host?: VirtualClock } = {},
): Promise<T> {
  const host = options.host ?? new VirtualClock();
  const promise = new EventLoop({ onReport: () => {}, ...options, host }).runUntilComplete(main, options);
  host.runAll();
  return promise;
}
