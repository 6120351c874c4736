import { describe, expect, test } from "vitest";
import { Channel, moveOnAfter, sleep } from "../index.ts";
import { runVirtual, transcript } from "../testing/index.ts";
import { dated, timed } from "../../tests/support/timed-streams.ts";
import { iterate, stream } from "./index.ts";

describe("operators that look at the clock", () => {
  test("debounce gives the last item of a burst, once it is over", async () => {
    const script = [
      [0, "a"],
      [5, "b"],
      [9, "c"],
      [30, "d"],
      [35, "e"],
    ] as const;
    expect(await dated(stream(timed(script)).debounce(10))).toEqual(["19 c", "35 e", "35 end"]);
    expect(await dated(stream(timed(script)).debounce(10), 20)).toEqual(["19 c", "39 e", "59 end"]);
  });

  test("throttle gives the first item, and then the last one of each period", async () => {
    const script = [
      [0, "a"],
      [4, "b"],
      [8, "c"],
      [25, "d"],
      [50, "e"],
    ] as const;
    expect(await dated(stream(timed(script)).throttle(10))).toEqual([
      "0 a",
      "10 c",
      "25 d",
      "50 e",
      "50 end",
    ]);
    expect(await dated(stream(timed(script)).throttle(10, { trailing: false }))).toEqual([
      "0 a",
      "25 d",
      "50 e",
      "50 end",
    ]);
  });

  test("chunk within a time gives what there is when it is over", async () => {
    const script = [
      [0, "a"],
      [5, "b"],
      [30, "c"],
      [31, "d"],
      [32, "e"],
      [33, "f"],
    ] as const;
    expect(await dated(stream(timed(script)).chunk(3, { within: 10 }))).toEqual([
      "10 a,b",
      "32 c,d,e",
      "33 f",
      "33 end",
    ]);
  });

  test("throttle holds back an item, but neither an end nor an error", async () => {
    expect(await dated(stream([1]).throttle(60_000))).toEqual(["0 1", "0 end"]);
    const fails = stream([1, 2]).map((n) => {
      if (n === 2) throw new Error("failed");
      return n;
    });
    const log = transcript({ tasks: false });
    await runVirtual(function* () {
      try {
        yield* fails.throttle(60_000).forEach((n) => log(String(n)));
      } catch (error) {
        log(String(error));
      }
    });
    expect(log.lines).toEqual(["0 1", "0 Error: failed"]);
    expect(
      await dated(
        stream(
          timed([
            [0, "a"],
            [4, "b"],
          ]),
        ).throttle(10),
      ),
    ).toEqual(["0 a", "10 b", "10 end"]);
  });

  test("throttle gives a loop that is slow, or that has given up a wait, the last item", async () => {
    const script = [0, 4, 8, 12, 16].map((at) => [at, `of ${at}`] as const);
    expect(await dated(stream(timed(script)).throttle(5), 13)).toEqual([
      "0 of 0",
      "13 of 12",
      "26 of 16",
      "39 end",
    ]);
    await runVirtual(function* () {
      const items = yield* iterate(stream(timed(script)).throttle(10));
      yield* items.next();
      expect((yield* moveOnAfter(5, () => items.next())).expired).toBe(true);
      yield* sleep(8);
      yield* items.next();
      expect(items.value).toBe("of 12");
    });
  });

  test("chunk within a time gives a loop that is slower than that full chunks", async () => {
    await runVirtual(function* () {
      const channel = new Channel<number>(Infinity);
      for (let n = 0; n < 12; n++) channel.trySend(n);
      channel.close();
      const sizes: number[] = [];
      yield* stream(channel)
        .chunk(4, { within: 5 })
        .forEach((chunk) => {
          sizes.push(chunk.length);
          return sleep(20);
        });
      expect(sizes).toEqual([4, 4, 4]);
    });
  });
});
