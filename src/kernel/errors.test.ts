import { describe, expect, test } from "vitest";
import { runSync, sleepForever, suppressedErrors, taskGroup } from "../index.ts";

/** Fails with `first`; then the cleanup of each of its tasks fails, too. */
function failWith(first: Error, ...later: Error[]): void {
  runSync(() =>
    taskGroup(function* (group) {
      for (const error of later) {
        group.createTask(function* () {
          try {
            yield* sleepForever();
          } finally {
            yield;
            throw error;
          }
        });
      }
      yield;
      throw first;
    }),
  );
}

describe("S12: the errors that came later", () => {
  test("are kept beside a frozen error, too, oldest first", () => {
    const first = Object.freeze(new Error("first"));
    expect(() => failWith(first, new Error("second"), new Error("third"))).toThrow(first);
    expect(suppressedErrors(first).map(String)).toEqual(["Error: second", "Error: third"]);
  });

  // A module's constant, say: it would keep every error that ever gave way to it.
  test("of an error that is thrown again and again are the first thousand only", () => {
    const constant = new Error("thrown again and again");
    for (let i = 0; i < 1010; i++) {
      expect(() => failWith(constant, new Error(`${i}`))).toThrow(constant);
    }
    const kept = suppressedErrors(constant);
    expect(kept).toHaveLength(1000);
    expect([kept[0], kept[999]]).toEqual([new Error("0"), new Error("999")]);
  });
});
