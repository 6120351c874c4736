import { EventLoop, type Awaitable, type EventLoopOptions, type RunOptions } from "../index.ts";
import { VirtualClock } from "./virtual-clock.ts";

/** How a program on the virtual clock ended. */
export type Ending<T> = { readonly value: T } | { readonly error: unknown };

/**
 * Runs a program to its end on a virtual clock, at once: it takes no time and returns how it ended. The
 * program may sleep; it must not wait for promises.
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
