/** For tests of what tasks wait for. */
import { createTask, taskGroup, type Awaitable } from "../../src/index.ts";

/** Has a million tasks wait, and cancels them all. */
export function cancelAMillion(wait: () => Awaitable<unknown>): Awaitable<void> {
  return cancelMany(1_000_000, wait);
}

/** Has so many tasks wait, a thousand at a time, and cancels them all. */
export function* cancelMany(count: number, wait: () => Awaitable<unknown>): Awaitable<void> {
  const crowd = () =>
    taskGroup(function* (group) {
      for (let n = 0; n < 1000; n++) group.createTask(wait);
    });
  for (let round = 0; round < count / 1000; round++) {
    const task = createTask(crowd);
    yield;
    yield;
    yield* task.cancel();
  }
}

/** What it throws, as text. */
export function* thrownBy(body: () => Awaitable<unknown>): Awaitable<string> {
  try {
    yield* body();
  } catch (error) {
    return String(error).replaceAll(/#\d+/g, "");
  }
  return "nothing";
}
