import { describe, expect, test, vi } from "vitest";
import { runSync, sleepForever, suppressedErrors, taskGroup } from "../index.ts";
import { suppress, withSuppressed } from "./errors.ts";

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

function failing(first: Error, later: Error): void {
  expect(() => failWith(first, later)).toThrow(first);
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

  test("never lead back to the error itself: of one that would, its report is printed", () => {
    const warn = vi.spyOn(console, "warn").mockReturnValue();
    const [a, b, c] = [new Error("a"), new Error("b"), new Error("c")];
    failing(a, b);
    failing(b, a); // a module's constants, say: thrown anew, in another order
    expect(suppressedErrors(a)).toEqual([b]);
    expect(suppressedErrors(b)).toEqual([]);
    failing(b, c);
    failing(c, a);
    expect([...withSuppressed(a)]).toEqual([a, b, c]);
    expect(suppressedErrors(c)).toEqual([]);
    const printed = warn.mock.calls.filter(([message]) => !String(message).includes("Beside it"));
    expect(printed).toEqual([
      ["cede: An error gave way to an earlier one, Error: b:", a],
      ["cede: An error gave way to an earlier one, Error: c:", a],
    ]);
    warn.mockRestore();
    expect([suppress(a, a), suppress("text", a), suppress(c, "text")]).toEqual([false, false, true]);
  });
});
