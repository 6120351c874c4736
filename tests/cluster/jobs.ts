/** Jobs that fail in the ways that workers do. What they did stands in a file. */
import { appendFileSync, existsSync, readFileSync } from "node:fs";
import { sleep, type Awaitable, type Sender } from "cede";
import { currentJob } from "cede/executors";

export function note(file: string, line: string): void {
  appendFileSync(file, `${line}\n`);
}

export function linesOf(file: string): string[] {
  return existsSync(file) ? readFileSync(file, "utf8").trimEnd().split("\n") : [];
}

/** A function, which runs on a thread. */
export const add = (a: number, b: number): number => a + b;

export function* whoRuns(): Awaitable<{ worker: string; attempt: number; id: string }> {
  const { worker, attempt, id } = currentJob()!;
  return { worker, attempt, id };
}

/** Notes how often it was begun, and waits. */
export function* nap(ms: number, file?: string): Awaitable<number> {
  if (file !== undefined) note(file, `begun ${currentJob()!.attempt} ${process.pid}`);
  try {
    yield* sleep(ms);
  } finally {
    yield* sleep(5);
    if (file !== undefined) note(file, "cleaned up");
  }
  return currentJob()!.attempt;
}

/** Ends its worker, as the kernel does. */
export function* poison(file: string): Awaitable<never> {
  note(file, "begun");
  process.kill(process.pid, "SIGKILL");
  for (;;) yield* sleep(1000);
}

/** Ends its first worker. */
export function* poisonOnce(file: string): Awaitable<number> {
  note(file, `begun ${process.pid}`);
  if (currentJob()!.attempt > 1) return currentJob()!.attempt;
  process.kill(process.pid, "SIGKILL");
  for (;;) yield* sleep(1000);
}

/** Keeps its worker from everything else, from telling that it is alive too. */
export function* block(ms: number, file: string): Awaitable<string> {
  note(file, "begun");
  yield* sleep(1);
  const end = performance.now() + ms;
  while (performance.now() < end);
  note(file, "done");
  return "done";
}

export function* count(to: number, ms: number, sender: Sender<number>): Awaitable<number> {
  for (let n = 1; n <= to; n++) {
    yield* sender.send(n);
    if (ms > 0) yield* sleep(ms);
  }
  sender.close();
  return to;
}

export function* log(file: string, line: string): Awaitable<void> {
  note(file, line);
}
