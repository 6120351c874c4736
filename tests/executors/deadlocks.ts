/** Jobs that wait for each other, and jobs that only seem to wait in vain. */
import { coroutine, Event, Lock, sleep, taskGroup, type Awaitable, type Task } from "cede";

/** Two tasks, each of which holds the lock that the other wants. */
export const locks = coroutine(function* locks(): Awaitable<void> {
  const [left, right] = [new Lock({ name: "left" }), new Lock({ name: "right" })];
  yield* taskGroup(function* (group) {
    for (const [mine, yours] of [
      [left, right],
      [right, left],
    ] as const) {
      const both = function* (): Awaitable<void> {
        yield* sleep(1);
        yield* yours.with(() => sleep(1));
      };
      group.createTask(() => mine.with(both));
    }
  });
});

/** Two tasks, each of which waits for the other's end. */
export const joins = coroutine(function* joins(): Awaitable<void> {
  yield* taskGroup(function* (group) {
    const tasks: Task<void>[] = [];
    for (const other of [1, 0]) {
      tasks.push(
        group.createTask(function* (): Awaitable<void> {
          yield* tasks[other]!;
        }),
      );
    }
  });
});

const door = new Event();
export const wait = coroutine(function* wait(): Awaitable<string> {
  yield* door.wait();
  door.clear();
  return "opened";
});
export const open = (): void => door.set();
