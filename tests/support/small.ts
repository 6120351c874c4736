/** The small coroutines that many tests are made of. */
import { coroutine, sleep, type Awaitable } from "cede";

/** Takes a line of what a program did. */
export type Log = (line: string) => void;

export const after = coroutine(function* after<T>(ms: number, value: T): Awaitable<T> {
  yield* sleep(ms);
  return value;
});

export const failing = coroutine(function* failing(ms: number, message: string): Awaitable<never> {
  yield* sleep(ms);
  throw new Error(message);
});

/** Gives the error, if there is one. */
export const caught = coroutine(function* caught(awaitable: Awaitable<unknown>): Awaitable<unknown> {
  try {
    return yield* awaitable;
  } catch (error) {
    return error;
  }
});
