import { expect, test } from "vitest";
import { Schedule, sleep } from "../index.ts";
import { runTest } from "../testing/index.ts";

const first = (schedule: Schedule, count: number) => [...schedule.limit(count).delays()];

test("Schedule.fixed() gives always the same delay", () => {
  expect(first(Schedule.fixed(7), 3)).toEqual([7, 7, 7]);
});

test("Schedule.exponential() grows by its factor, 2 unless given, up to its maximum", () => {
  expect(first(Schedule.exponential(100), 4)).toEqual([100, 200, 400, 800]);
  expect(first(Schedule.exponential(1, { factor: 10, max: 50 }), 4)).toEqual([1, 10, 50, 50]);
  expect(first(Schedule.exponential(8, { factor: 0.5 }), 3)).toEqual([8, 4, 2]);
});

test("Schedule.exponential() stays a number however long it grows", () => {
  const step = { count: 5000, elapsed: 0, last: undefined };
  expect(Schedule.exponential(0).next(step)).toBe(0);
  expect(Schedule.exponential(1, { max: 60_000 }).next(step)).toBe(60_000);
  expect(Schedule.exponential(1).next(step)).toBe(Infinity);
});

test("limit() ends after so many delays; of two the smaller counts", () => {
  expect([...Schedule.fixed(1).limit(0).delays()]).toEqual([]);
  expect([...Schedule.fixed(1).limit(5).limit(2).limit(3).delays()]).toEqual([1, 1]);
});

test("upTo() gives only delays that end in time, the last one exactly", () => {
  expect([...Schedule.fixed(10).upTo(30).delays()]).toEqual([10, 10, 10]);
  expect([...Schedule.fixed(10).upTo(29).delays()]).toEqual([10, 10]);
  expect([...Schedule.exponential(1).upTo(10).delays()]).toEqual([1, 2, 4]);
});

test("upTo() counts what was done between the delays", () => {
  const schedule = Schedule.fixed(10).upTo(30);
  expect(schedule.next({ count: 1, elapsed: 20, last: undefined })).toBe(10);
  expect(schedule.next({ count: 1, elapsed: 20.5, last: undefined })).toBeUndefined();
});

test("until() ends once the predicate says so of what has just ended", () => {
  const schedule = Schedule.fixed(1).until((value: number) => value > 2);
  expect(schedule.next({ count: 0, elapsed: 0, last: 2 })).toBe(1);
  expect(schedule.next({ count: 0, elapsed: 0, last: 3 })).toBeUndefined();
  expect([...schedule.delays(3)]).toEqual([]);
});

test("jittered() multiplies each delay by a random number between its bounds", () => {
  const delays = first(Schedule.fixed(100).jittered(), 1000);
  for (const ms of delays) expect(ms >= 50 && ms < 150).toBe(true);
  expect(Math.min(...delays)).toBeLessThan(60);
  expect(Math.max(...delays)).toBeGreaterThan(140);
  expect(first(Schedule.fixed(100).jittered({ min: 2, max: 2 }), 2)).toEqual([200, 200]);
  expect(first(Schedule.fixed(Infinity).jittered({ min: 0, max: 0 }), 1)).toEqual([Infinity]);
});

test("jittered() is decided by the seed of a test", async () => {
  const seen = async (seed: number) => {
    let delays: number[] = [];
    await runTest(
      function* () {
        delays = first(Schedule.fixed(100).jittered(), 3);
        yield* sleep(1);
      },
      { seed },
    );
    return delays;
  };
  expect(await seen(1)).toEqual(await seen(1));
  expect(await seen(1)).not.toEqual(await seen(2));
});

test("a schedule never changes: each use begins anew, also two at once", () => {
  const base = Schedule.exponential(1).limit(3);
  const [one, other] = [base.delays(), base.delays()];
  expect(one.next().value).toBe(1);
  expect(one.next().value).toBe(2);
  expect(other.next().value).toBe(1);
  expect([...base.limit(1).delays()]).toEqual([1]);
  expect([...base.delays()]).toEqual([1, 2, 4]);
});

test("Schedule.from() takes any function, and composes as the others", () => {
  const squares = Schedule.from(({ count }) => count ** 2);
  expect([...squares.limit(4).delays()]).toEqual([0, 1, 4, 9]);
  expect([...Schedule.from(() => undefined).delays()]).toEqual([]);
  const untilNoon = Schedule.from(({ elapsed }) => (elapsed < 100 ? 100 - elapsed : undefined));
  expect([...untilNoon.delays()]).toEqual([100]);
});

test("what is no delay, no bound and no function is refused", () => {
  expect(() => Schedule.fixed(-1)).toThrow(
    "Cannot schedule a delay of -1 ms: a delay is a number of milliseconds, 0 or more",
  );
  expect(() => Schedule.exponential(NaN)).toThrow(RangeError);
  expect(() => Schedule.exponential(1, { factor: 0 })).toThrow(
    "Cannot let delays grow by a factor of 0: it is a finite number greater than 0.",
  );
  expect(() => Schedule.exponential(1, { max: -1 })).toThrow("Cannot limit a delay to -1 ms");
  expect(() => Schedule.fixed(1).limit(1.5)).toThrow(
    "Cannot limit a schedule to 1.5 times: give a whole number from 0, or Infinity.",
  );
  expect(() => Schedule.fixed(1).upTo(NaN)).toThrow("Cannot limit a schedule to NaN ms");
  expect(() => Schedule.fixed(1).jittered({ min: 2 })).toThrow(
    "Cannot multiply delays by a number between 2 and 1.5: give 0 or more as `min`, and no less as `max`.",
  );
  expect(() => Schedule.fixed(1).until(3 as never)).toThrow("Cannot go on until 3: it takes a function");
  expect(() => Schedule.from({} as never)).toThrow(
    "Cannot make a schedule from an object (Object): it takes a function",
  );
  expect(() => Schedule.from(() => -5).next({ count: 0, elapsed: 0, last: undefined })).toThrow(
    "Cannot schedule a delay of -5 ms",
  );
});
