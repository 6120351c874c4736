/** Barriers in many orders, and cancelled everywhere: nobody passes alone, and nobody is left behind. */
import { describe, expect, test } from "vitest";
import { Barrier, BrokenBarrierError, cancelScope, moveOnAfter, type Awaitable } from "../../src/index.ts";
import { cancelEverywhere } from "../../src/testing/index.ts";
import { randomSchedules, sideBySide } from "../support/explored.ts";

let barrier = new Barrier(3);
let passed = 0;

const party = (rounds: number) =>
  function* (): Awaitable<void> {
    try {
      for (let round = 0; round < rounds; round++) {
        yield* barrier.wait();
        passed++;
      }
    } catch (error) {
      if (!(error instanceof BrokenBarrierError)) throw error;
    }
  };

/** Comes, and does not wait for long; then nobody else shall. */
const short = (ms: number, rounds: number) =>
  function* (): Awaitable<void> {
    yield* moveOnAfter(ms, party(rounds));
    barrier.abort();
  };

const programs: Record<string, () => Awaitable<unknown>> = {
  "three rounds": sideBySide(party(3), party(3), party(3)),
  "one does not wait for long": sideBySide(party(1), party(1), short(0, 1)),
  "one is late, and one does not wait for long": sideBySide(
    party(2),
    function* () {
      yield;
      yield;
      yield* party(2)();
    },
    short(1, 2),
  ),
};

describe("a barrier", () => {
  test.each(Object.entries(programs))("cancelled everywhere: %s", { timeout: 60_000 }, async (_, program) => {
    await cancelEverywhere(
      () => {
        [barrier, passed] = [new Barrier(3), 0];
        return cancelScope(program);
      },
      {
        schedules: 8,
        check() {
          expect(barrier.statistics.waiting).toBe(0);
          expect(passed % 3).toBe(0);
        },
      },
    );
  });

  test("lets nobody pass alone, in many orders", { timeout: 60_000 }, async () => {
    await randomSchedules(function* (draw) {
      [barrier, passed] = [new Barrier(3), 0];
      yield* sideBySide(party(3), party(1 + draw(3)), short(draw(2), 1 + draw(3)), short(20, 3))();
      expect(barrier.statistics.waiting).toBe(0);
      expect(passed % 3).toBe(0);
    });
  });
});
