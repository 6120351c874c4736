// Random programs, cancelled at a random time, some under a random order of who runs next. Each must end,
// and leave nothing: no task, no wait, no cleanup that never began, no group that ended before its tasks.
//
// Others, and more of them: CEDE_LONG=1 RUNS=100000 npx vitest run --project unit random-programs. A failure prints its seed.
import { expect, test } from "vitest";
import { EventLoop } from "cede";
import type { Report, Runnable, Scheduler } from "cede/lowlevel";
import { VirtualClock } from "cede/testing";
import { Ledger, makeProgram, perform, random, type Op } from "./random-program.ts";
import fc from "../support/fast-check.ts";

const RUNS = Number(process.env["RUNS"] ?? 1000);

/** Anybody who is ready may be next. */
class Shuffle implements Scheduler {
  readonly #ready: Runnable[] = [];
  readonly #next: () => number;
  constructor(seed: number) {
    this.#next = random(seed);
  }
  get size(): number {
    return this.#ready.length;
  }
  push(runnable: Runnable): void {
    this.#ready.push(runnable);
  }
  pick(): Runnable | null {
    return this.#ready.splice(Math.floor(this.#next() * this.#ready.length), 1)[0] ?? null;
  }
}

async function check(program: Op[], cancelAt: number | null, shuffle: number | null): Promise<void> {
  const ledger = new Ledger();
  const reports: Report["kind"][] = [];
  const host = new VirtualClock();
  const loop = new EventLoop({
    host,
    onReport: ({ kind }) => reports.push(kind),
    ...(shuffle !== null && { scheduler: new Shuffle(shuffle) }),
  });
  const controller = new AbortController();
  if (cancelAt !== null) loop.callLater(cancelAt, () => controller.abort(new Error("cancelled")));
  let ended = false;
  const noteEnd = (): void => void (ended = true);
  const running = loop
    .runUntilComplete(perform(program, ledger), { signal: controller.signal, shutdownTimeout: 5000 })
    .then(noteEnd, noteEnd);
  host.runAll();
  expect(loop.tasks().map((task) => `${task.name} ${task.waitingFor ?? task.state}`)).toEqual([]);
  await running;
  expect(ended).toBe(true);
  // What is late here is a failure that a loop over asCompleted was left before.
  const mayBe: Report["kind"][] = [
    "suppressed-error",
    "expired-unheard",
    "late-error",
    "slow-cleanup",
    "task-failed",
    "cleanup-abandoned",
  ];
  expect(reports.filter((kind) => !mayBe.includes(kind))).toEqual([]);
  expect(loop.statistics).toEqual({ ready: 0, deadlines: 0, external: 0, hostWork: 0 });
  // Cleanup that waits for what never comes is abandoned: then tasks end where they are.
  if (reports.includes("cleanup-abandoned")) return;
  expect(ledger).toEqual(new Ledger());
}

test("random programs end, wherever they are cancelled, and leave nothing behind", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.nat(),
      fc.oneof(fc.integer({ min: 1, max: 20 }), fc.integer({ min: 1, max: 300 })),
      fc.option(fc.integer({ min: 0, max: 15 })),
      fc.option(fc.nat()),
      async (seed, size, cancelAt, shuffle) => check(makeProgram(seed, size), cancelAt, shuffle),
    ),
    { numRuns: RUNS },
  );
}, 600_000);
