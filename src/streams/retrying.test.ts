import { Readable } from "node:stream";
import { describe, expect, test } from "vitest";
import { suppressedErrors } from "../index.ts";
import { runVirtual } from "../testing/index.ts";
import { caught } from "../../tests/support/small.ts";
import { stream, type Source } from "./index.ts";

function* numbers(count: number) {
  for (let n = 0; n < count; n++) yield n;
}

describe("retry of a stream", () => {
  test("opens what can be looped over once no second time, and does not take that for an end", async () => {
    const lost = (): never => {
      throw new Error("lost");
    };
    const once: Record<string, () => Source<number>> = {
      *generator() {
        yield 1;
        lost();
      },
      async *"async generator"() {
        yield 1;
        lost();
      },
      "generator that was left": () => stream(numbers(3)).map(lost),
      "generator that has ended": () => stream(numbers(1)).chunk(9).map(lost),
      "web stream that was left": () => stream(new Response("a").body!).map(lost),
      "web stream that has ended": () => stream(new Response("a").body!).chunk(9).map(lost),
      "Node stream": () => stream(Readable.from([1])).map(lost),
    };
    for (const [name, source] of Object.entries(once)) {
      const error = await runVirtual(() => caught(stream(source()).retry().collect()));
      expect([name, String(error), suppressedErrors(error).map(String)]).toEqual([
        name,
        expect.stringMatching(/^TypeError: Cannot iterate over .* again: it brings its items once/),
        ["Error: lost"],
      ]);
    }
  });

  test("opens again what a function makes", async () => {
    let attempts = 0;
    const source = function* () {
      yield 1;
      if (++attempts < 3) throw new Error("lost");
    };
    expect(await runVirtual(() => stream(source).retry().collect())).toEqual([1, 1, 1]);
  });

  test("asks `when`, and refuses what is no policy at its line", async () => {
    const source = stream(function* (): Generator<number> {
      throw new Error("lost");
    });
    let asked = 0;
    const error = await runVirtual(() => caught(source.retry({ when: () => ++asked < 2 }).collect()));
    expect([String(error), asked]).toEqual(["Error: lost", 2]);
    expect(() => source.retry(5 as never)).toThrow("Cannot retry by 5: it is no schedule.");
    expect(() => source.retry({ when: 5 as never })).toThrow("Cannot retry when 5");
  });
});
