/** Jobs that fail in the ways that workers do. What they did stands in a file. */
import { appendFileSync, existsSync, readFileSync } from "node:fs";
import { run, sleep, type Awaitable, type Sender } from "cede";
import { currentJob, threads } from "cede/executors";

export function note(file: string, line: string): void {
  appendFileSync(file, `${line}\n`);
}

export function linesOf(file: string): string[] {
  return existsSync(file) ? readFileSync(file, "utf8").trimEnd().split("\n") : [];
}

/** A function, which runs on a thread. */
export const add = (a: number, b: number): number => a + b;

/** Fails with more than the queue takes. */
export function failAtLength(): never {
  throw Object.assign(new RangeError("no room on the disk"), { dump: "x".repeat(2_000_000) });
}

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

/** Waits, and takes its time to clean up: notes when that begins. */
export function* tidy(ms: number, cleanup: number, file: string): Awaitable<number> {
  note(file, `begun ${currentJob()!.attempt}`);
  try {
    yield* sleep(ms);
  } finally {
    note(file, "cleaning up");
    yield* sleep(cleanup);
  }
  return currentJob()!.attempt;
}

/** Waits; if it is cancelled, its cleanup fails. */
export function* untidy(ms: number, file: string): Awaitable<number> {
  note(file, `begun ${currentJob()!.attempt}`);
  let ended = false;
  try {
    yield* sleep(ms);
    ended = true;
  } finally {
    if (!ended) throw new RangeError("the cleanup failed");
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

/** A function that ends the thread on which it is run: always, or as long as the attempt is not beyond so many. */
export function endThread(file: string, attempts: number = Infinity): number {
  const { attempt } = currentJob()!;
  note(file, `begun ${attempt}`);
  if (attempt <= attempts) process.exit(3);
  return attempt;
}

/** A function with threads of its own, one of which it has ended. */
export function loseThreadOfOwn(file: string): Promise<unknown> {
  return run(function* () {
    const own = yield* threads<{ endThread: typeof endThread }>(import.meta.url, { workers: 1 });
    return yield* own.endThread(file);
  });
}

/** The same by a name that is no word. */
export { loseThreadOfOwn as "lose a thread" };

/** A function that computes for so long; its attempt. */
export function compute(ms: number, file: string): number {
  const { attempt } = currentJob()!;
  note(file, `begun ${attempt} ${process.pid}`);
  const end = performance.now() + ms;
  while (performance.now() < end);
  note(file, "done");
  return attempt;
}

/** A function that waits. */
export async function rest(ms: number, file: string): Promise<number> {
  const { attempt } = currentJob()!;
  note(file, `begun ${attempt} ${process.pid}`);
  await new Promise((resolve) => setTimeout(resolve, ms));
  return attempt;
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
