/** A job that runs. */
import { createTask, Event, type Awaitable, type Task } from "cede";

/** Starts a job, and waits until it says that it has begun, or has ended without a word. */
export function* begun<T>(
  start: (options: { onProgress: () => void }) => Awaitable<T>,
  name = "caller",
): Awaitable<{ task: Task<T> }> {
  const started = new Event();
  const task = createTask(() => start({ onProgress: () => started.set() }), { name });
  task.addDoneCallback(() => started.set());
  yield* started.wait();
  return { task };
}
