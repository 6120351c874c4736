/** Errors as plain data: what comes out is what went in, as far as it can be. */
import { describe, expect, test } from "vitest";
import {
  BrokenChannelError,
  CancelledError,
  DeadlockError,
  InvalidStateError,
  suppressedErrors,
  TimeoutError,
} from "../index.ts";
import { suppress } from "../lowlevel.ts";
import { errorAgain, plainError } from "./envelope.ts";
import { PayloadError, UnknownJobError, WorkerLostError } from "./errors.ts";
import { checkPayload } from "./payload.ts";
import fc from "../../tests/support/fast-check.ts";

/** There and back, as over any wire. */
const sent = (error: unknown): unknown =>
  errorAgain(structuredClone(plainError(error)), "job test (worker 1)");

/** Errors of every kind, with causes and fields. */
const errors = fc.letrec<{ error: unknown }>((tie) => ({
  error: fc.oneof(
    { maxDepth: 4 },
    fc
      .record({
        Class: fc.constantFrom(
          Error,
          TypeError,
          RangeError,
          SyntaxError,
          URIError,
          EvalError,
          ReferenceError,
        ),
        message: fc.string(),
        fields: fc.dictionary(
          fc.stringMatching(/^[a-z]{1,5}$/),
          fc.oneof(
            fc.integer(),
            fc.string(),
            fc.constant(() => 1),
          ),
        ),
      })
      .map(({ Class, message, fields }) => {
        const { name: _name, stack: _stack, cause: _cause, errors: _errors, ...rest } = fields;
        return Object.assign(new Class(message), rest);
      }),
    fc.tuple(fc.string(), tie("error")).map(([message, cause]) => new Error(message, { cause })),
    fc.array(tie("error"), { maxLength: 3 }).map((all) => new AggregateError(all, "several")),
    fc.oneof(fc.string(), fc.integer(), fc.constant({ code: 1 }), fc.constant(null)),
  ),
})).error;

describe("an error", () => {
  test("can be sent, whatever it carries", () => {
    fc.assert(fc.property(errors, (error) => checkPayload(plainError(error), "it")));
    fc.assert(fc.property(fc.anything(), (thrown) => checkPayload(plainError(thrown), "it")));
  });
  test("comes back with its class, name, message, fields and causes", () => {
    const same = (back: unknown, error: unknown): void => {
      if (!(error instanceof Error)) {
        expect(back).toEqual(error);
        return;
      }
      const again = back as Error;
      expect(Object.getPrototypeOf(again)).toBe(Object.getPrototypeOf(error));
      expect([again.name, again.message]).toEqual([error.name, error.message]);
      expect(again.stack).toBe(`${error.stack}\n    at job test (worker 1)`);
      const fields = Object.entries(error).filter(([, value]) => typeof value !== "function");
      expect(Object.entries(again)).toEqual(fields);
      if (error.cause !== undefined) same(again.cause, error.cause);
      if (error instanceof AggregateError)
        for (const [n, one] of error.errors.entries()) same((again as AggregateError).errors[n], one);
    };
    fc.assert(
      fc.property(errors, (error) => {
        same(sent(error), error);
      }),
    );
  });
  test("of the library is one of its class again", () => {
    for (const Class of [InvalidStateError, PayloadError, UnknownJobError]) {
      const back = sent(new Class("words"));
      expect(back).toBeInstanceOf(Class);
      expect(Object.getPrototypeOf(back)).toBe(Class.prototype);
    }
    for (const error of [
      new CancelledError("stopped"),
      new TimeoutError("late", 5),
      new DeadlockError("stuck", []),
      new BrokenChannelError("nobody there"),
      new WorkerLostError("lost", "job nap", "worker 1"),
    ]) {
      const back = sent(error) as object;
      expect(Object.getPrototypeOf(back)).toBe(Object.getPrototypeOf(error));
      expect(back).toMatchObject(Object.assign({}, error));
    }
  });
  test("of a class that only the worker knows keeps its name", () => {
    class HttpError extends TypeError {
      override name = "HttpError";
      status = 404;
    }
    const back = sent(new HttpError("not found")) as Error;
    expect([back.name, back.message, (back as unknown as HttpError).status]).toEqual([
      "HttpError",
      "not found",
      404,
    ]);
    expect(String(back)).toBe("HttpError: not found");
    expect(Object.keys(back).toSorted()).toEqual(["status"]);
  });
  test("S12 has the errors that gave way to it, and those that gave way to them", () => {
    const [error, later, latest] = [new Error("first"), new InvalidStateError("later"), new Error("latest")];
    suppress(error, later);
    suppress(error, "a text");
    suppress(later, latest);
    const back = sent(error);
    expect(suppressedErrors(back).map(String)).toEqual(["InvalidStateError: later", "a text"]);
    expect(suppressedErrors(back)[0]).toBeInstanceOf(InvalidStateError);
    expect(suppressedErrors(suppressedErrors(back)[0]).map(String)).toEqual(["Error: latest"]);
    const thrown = { code: 7 };
    suppress(thrown, later);
    expect(sent(thrown)).toEqual(thrown);
    expect(suppressedErrors(sent(thrown)).map(String)).toEqual(["InvalidStateError: later"]);
  });
  test("is once what it was once, so that many with one cause cost no more than they are", () => {
    let level: Error[] = [];
    for (let depth = 0; depth < 8; depth++) {
      level = Array.from({ length: 30 }, () => new AggregateError(level, String(depth)));
    }
    const back = sent(new AggregateError(level)) as AggregateError;
    const [one, other] = back.errors as AggregateError[];
    expect(one).not.toBe(other);
    expect(one!.errors[3]).toBe(other!.errors[3]);
  });
  test("of the platform's other classes", () => {
    const abort = sent(new DOMException("stopped", "AbortError")) as DOMException;
    expect(abort).toBeInstanceOf(DOMException);
    expect([abort.name, abort.message, Reflect.get(abort, "code")]).toEqual([
      "AbortError",
      "stopped",
      DOMException.ABORT_ERR,
    ]);
    const odd = Object.defineProperty(new DOMException("odd"), "code", { value: "E_ODD", enumerable: true });
    expect((sent(odd) as { code: unknown }).code).toBe("E_ODD");
    const group = Object.assign(new AggregateError([], "group"), { errors: "none" });
    expect(sent(group)).toMatchObject({ message: "group" });
  });
  test("is not what its name says, but what it is", () => {
    const Own = class TimeoutError extends RangeError {};
    const Extended = class extends WorkerLostError {};
    for (const [error, Class] of [
      [new Own("late"), RangeError],
      [Object.assign(new Error("lost"), { name: "WorkerLostError" }), Error],
      [new Extended("lost", "job nap", "worker 1"), WorkerLostError],
    ] as const) {
      const back = sent(error) as Error;
      expect(Object.getPrototypeOf(back)).toBe(Class.prototype);
      expect(String(back)).toBe(String(error));
    }
    expect(Object.getPrototypeOf(errorAgain({ class: "nobody's" }, "job test"))).toBe(Error.prototype);
  });
  test("with too many causes keeps the first of them", () => {
    let error = new Error("0");
    for (let n = 1; n <= 50; n++) error = new Error(String(n), { cause: error });
    let depth = 0;
    for (let back = sent(error) as Error | undefined; back !== undefined; back = back.cause as Error) depth++;
    expect(depth).toBe(9);
  });
  test("that is its own cause, or one of its own errors", () => {
    const round = new Error("round");
    round.cause = round;
    expect((sent(round) as Error).cause).toMatchObject({ message: "round" });
    const group = new AggregateError([], "group");
    group.errors.push(group, group);
    expect((sent(group) as AggregateError).errors).toHaveLength(2);
  });
  test("whose parts are no texts, or throw where they are read", () => {
    const odd = Object.assign(new Error("words"), { stack: 5 });
    expect(sent(odd)).toMatchObject({ message: "words", stack: "Error: words\n    at job test (worker 1)" });
    const trap = new Error("trap");
    Object.defineProperty(trap, "code", {
      enumerable: true,
      get() {
        throw new Error("no code for you");
      },
    });
    expect(sent(trap)).toMatchObject({ message: "trap" });
    const worse = new Error("worse");
    Object.defineProperty(worse, "message", {
      get() {
        throw new Error("no words for you");
      },
    });
    expect(() => sent(worse)).not.toThrow();
  });
  test("with an own field called __proto__ changes nobody's prototype", () => {
    const sly = new Error("sly");
    Object.defineProperty(sly, "__proto__", { value: { admin: true }, enumerable: true });
    const back = sent(sly) as Error & { admin?: unknown };
    expect(back).toBeInstanceOf(Error);
    expect(back.admin).toBeUndefined();
    const wire = JSON.parse(
      '{"name":"Error","message":"m","fields":{"__proto__":{"admin":true},"stack":1}}',
    ) as never;
    const read = errorAgain(wire, "job test") as Error & { admin?: unknown };
    expect(read).toBeInstanceOf(Error);
    expect(read.admin).toBeUndefined();
  });
});
