import { expect, test } from "vitest";
import { repeat, runningLoop, Schedule, sleep } from "../index.ts";
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
  expect(Schedule.exponential(0).begin()(step)).toBe(0);
  expect(Schedule.exponential(1, { max: 60_000 }).begin()(step)).toBe(60_000);
  expect(Schedule.exponential(1).begin()(step)).toBe(Infinity);
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
  expect(schedule.begin()({ count: 1, elapsed: 20, last: undefined })).toBe(10);
  expect(schedule.begin()({ count: 1, elapsed: 20.5, last: undefined })).toBeUndefined();
});

test("until() ends once the predicate says so of what has just ended", () => {
  const schedule = Schedule.fixed(1).until((value: number) => value > 2);
  expect(schedule.begin()({ count: 0, elapsed: 0, last: 2 })).toBe(1);
  expect(schedule.begin()({ count: 0, elapsed: 0, last: 3 })).toBeUndefined();
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

test("Schedule.from() takes any function, with a state for each use, and composes as the others", () => {
  const squares = Schedule.from(
    () =>
      ({ count }) =>
        count ** 2,
  );
  expect([...squares.limit(4).delays()]).toEqual([0, 1, 4, 9]);
  expect([...Schedule.from(() => () => undefined).delays()]).toEqual([]);
  const list = Schedule.from(() => {
    const left = [3, 1, 2];
    return () => left.shift();
  });
  expect([...list.delays()]).toEqual([3, 1, 2]);
  expect([...list.limit(2).delays()]).toEqual([3, 1]);
});

const everyTen = (after: Date) => new Date((Math.floor(after.getTime() / 10) + 1) * 10);

test("Schedule.at() waits until each time, whatever is done between them", async () => {
  const times: number[] = [];
  const now = () => 5 + runningLoop().time();
  await runTest(() =>
    repeat(function* () {
      times.push(now());
      yield* sleep(12);
    }, Schedule.at(everyTen, { now }).limit(3)),
  );
  expect(times).toEqual([5, 20, 40, 60]);
});

test("Schedule.at() gives no time twice, also where the clock is behind, and ends with the times", () => {
  let time = 1005;
  const use = Schedule.at((after) => (after.getTime() < 1030 ? everyTen(after) : null), {
    now: () => time,
  }).begin();
  const step = { count: 0, elapsed: 0, last: undefined };
  expect(use(step)).toBe(5);
  time = 1009; // a millisecond too early
  expect(use(step)).toBe(11);
  time = 900; // set back
  expect(use(step)).toBe(130);
  expect(use(step)).toBeUndefined();
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
  expect(() => Schedule.from((() => 5) as never).begin()).toThrow(
    "Cannot use a schedule by 5: it takes a function",
  );
  expect(() => Schedule.at(3 as never)).toThrow(
    "Cannot make a schedule of the times of 3: it takes a function",
  );
  expect(() => [...Schedule.at(() => 5 as never).delays()]).toThrow(
    "Cannot wait until 5: what gives the times gives a Date, or null.",
  );
  const now = () => 1000;
  const stuck = Schedule.at((after) => after, { now });
  expect(() => [...stuck.limit(3).delays()]).toThrow(
    "Cannot wait until 1970-01-01T00:00:01.000Z: that is not after 1970-01-01T00:00:01.000Z, which the function was given.",
  );
  const once = Schedule.at(() => new Date(3000), { now }).delays();
  expect(once.next().value).toBe(2000);
  expect(() => once.next()).toThrow("Cannot wait until 1970-01-01T00:00:03.000Z: that is not after");
  expect(() => [...Schedule.at(() => new Date(NaN)).delays()]).toThrow("Cannot wait until an object (Date)");
  expect(() => Schedule.from(() => () => -5).begin()({ count: 0, elapsed: 0, last: undefined })).toThrow(
    "Cannot schedule a delay of -5 ms",
  );
});
