import { describe, expect, test } from "vitest";
import { runningLoop, sleep, type Awaitable } from "../index.ts";
import { runVirtual } from "../testing/index.ts";
import { after } from "../../tests/support/small.ts";
import { iterate, merge, stream, zip, type Source } from "./index.ts";

/** What a loop gets that begins late, and the error behind it. */
const got = <T>(source: Source<T>): Promise<unknown[]> =>
  runVirtual(function* () {
    const items = yield* iterate(source);
    yield* sleep(10);
    const all: unknown[] = [];
    try {
      while (yield* items.next()) all.push(items.value);
    } catch (error) {
      all.push(String(error));
    }
    return all;
  });

const failsAfter = (ms: number) =>
  stream([ms]).map(function* (pause): Awaitable<string> {
    yield* sleep(pause);
    throw new Error("failed");
  });

describe("items that were found before an error come first", () => {
  test("of merge, those that wait to be asked for", async () => {
    expect(await got(merge(["a", "b"], ["c"], failsAfter(5)))).toEqual(["a", "c", "Error: failed"]);
    expect(await got(merge(["a", "b"], failsAfter(0)))).toEqual(["a", "Error: failed"]);
  });

  test("of chunk, the one that is not full", async () => {
    const fails = (pause: number) =>
      stream([1, 2, 3]).map((n) => {
        if (n === 3) throw new Error("failed");
        return pause === 0 ? n : after(pause, n);
      });
    expect(await got(fails(0).chunk(5))).toEqual([[1, 2], "Error: failed"]);
    expect(await got(fails(3).chunk(5))).toEqual([[1, 2], "Error: failed"]);
    expect(await got(fails(3).chunk(2))).toEqual([[1, 2], "Error: failed"]);
    expect(await got(fails(0).chunk(5, { within: 3 }))).toEqual([[1, 2], "Error: failed"]);
  });
});

test("zip asks its sources one after the other, unless they read ahead", async () => {
  const slow = () =>
    stream([1, 2, 3]).map(function* (n) {
      yield* sleep(100);
      return n;
    });
  await runVirtual(function* () {
    expect(yield* zip(slow(), slow()).collect()).toHaveLength(3);
    expect(runningLoop().time()).toBe(600);
    yield* zip(slow().buffer(1), slow().buffer(1)).collect();
    expect(runningLoop().time()).toBe(900);
  });
});
