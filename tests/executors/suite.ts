/**
 * What every executor keeps: the same cases for jobs on this loop, on threads and on other machines. No case depends on how
 * long something takes, or on memory that jobs share with who calls them: what they did stands in a file. It stays whole:
 * whoever writes an executor sees here all that it has to keep.
 */
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
  all,
  allSettled,
  any,
  asCompleted,
  BrokenChannelError,
  CancelledError,
  Channel,
  createTask,
  currentTask,
  Event,
  EventLoop,
  InvalidStateError,
  map,
  moveOnAfter,
  race,
  Schedule,
  sleep,
  sleepForever,
  supervise,
  suppressedErrors,
  taskGroup,
  timeout,
  TimeoutError,
  until,
  type Awaitable,
  type EventLoopOptions,
  type Task,
} from "cede";
import {
  Executor,
  ExecutorClosedError,
  ExecutorFullError,
  PayloadError,
  UnknownJobError,
  type ExecutorOptions,
  type Jobs,
} from "cede/executors";
import type { JobEvent } from "cede/lowlevel";
import { failureOf, thrown } from "../support/failure.ts";
import { sharedFolder } from "../support/temporary-folder.ts";
import { begun } from "./begun.ts";
import { storage, visitor } from "./jobs.ts";

/** How a case wants its executor. */
export interface OpenOptions extends ExecutorOptions {
  /** How many coroutines run at once, over all workers; as many as there is room for unless given. */
  places?: number;
}

/** Opens an executor with the jobs of `jobs.ts`, for as long as the calling coroutine runs. */
export type Open = <M extends object>(options?: OpenOptions) => Awaitable<Jobs<M>>;

type Module = typeof import("./jobs.ts");
type AllJobs = Jobs<Module>;

/** Longer than anything takes here: whoever is told to stop does. */
const PATIENT = { grace: 60_000, drainTimeout: 60_000 };
const LIMIT = 20_000;

export function suite(name: string, open: Open): void {
  let folder: string;
  sharedFolder((made) => (folder = made));
  let files = 0;
  /** A file of its own for a case, and the lines that jobs wrote there. */
  const newFile = (): string => join(folder, String(++files));
  const linesOf = (file: string): string[] =>
    existsSync(file) ? readFileSync(file, "utf8").split("\n").slice(0, -1) : [];

  // Most cases share one executor, in a loop that goes on as long as they do.
  const loop = new EventLoop();
  let shared: AllJobs;
  let letGo: () => void;
  let closed: Promise<unknown>;
  beforeAll(
    () =>
      new Promise<void>((opened, failed) => {
        const ended = new Promise<void>((resolve) => (letGo = resolve));
        closed = loop.runUntilComplete(function* () {
          shared = yield* open<Module>(PATIENT);
          opened();
          yield* until(ended);
        });
        closed.catch(failed);
      }),
    LIMIT,
  );
  afterAll(async () => {
    letGo();
    await closed;
  }, LIMIT);

  /** A case with the executor that many share. */
  const together = (title: string, body: (jobs: AllJobs) => Awaitable<unknown>): void =>
    test(title, { timeout: LIMIT }, () => loop.runUntilComplete(() => body(shared)));

  /** A case with an executor of its own. */
  const alone = (
    title: string,
    options: OpenOptions,
    body: (jobs: AllJobs) => Awaitable<unknown>,
    loopOptions: () => EventLoopOptions = () => ({}),
  ): void =>
    test(title, { timeout: LIMIT }, () =>
      EventLoop.run(function* () {
        const jobs = yield* open<Module>({ ...PATIENT, ...options });
        yield* body(jobs);
      }, loopOptions()),
    );

  describe(`${name}: what a job is`, () => {
    together("a function", function* (jobs) {
      expect(yield* jobs.add(1, 2)).toBe(3);
      expect(yield* jobs.subtract(1, 2)).toBe(-1);
    });
    together("an async function, and one that returns another promise", function* (jobs) {
      expect(yield* jobs.laterAdd(1, 2)).toBe(3);
      expect(yield* jobs.thenableAdd(1, 2)).toBe(3);
    });
    together("a coroutine, and one that awaits others", function* (jobs) {
      expect(yield* jobs.slowAdd(1, 2)).toBe(3);
      expect(yield* jobs.nestedAdd(1, 2)).toBe(3);
    });
    together("a plain generator", function* (jobs) {
      expect(yield* jobs.plainAdd(1, 2)).toBe(3);
    });
    together("a function that returns something to await", function* (jobs) {
      expect(yield* jobs.arrowAdd(1, 2)).toBe(3);
      expect(yield* jobs.taskAdd(1, 2)).toBe(3);
    });
    together("the default export, by its name", function* (jobs) {
      expect(yield* jobs.default()).toBe("by default");
    });
    together("many at once, each with its own result", function* (jobs) {
      const numbers = Array.from({ length: 200 }, (_, n) => n);
      expect(yield* map(numbers, (n) => jobs.slowAdd(n, n))).toEqual(numbers.map((n) => 2 * n));
      expect(yield* map(numbers, (n) => jobs.add(n, n))).toEqual(numbers.map((n) => 2 * n));
    });
    test.each(["constructor", "toString", "__proto__", "hasOwnProperty", "valueOf", "then", "", "then.add"])(
      "nothing that the module does not export itself: %j",
      (missing) =>
        loop.runUntilComplete(function* () {
          const error = yield* thrown(() => Executor.of(shared).submit(missing, []));
          expect(error).toBeInstanceOf(UnknownJobError);
          expect(error.message).toContain(`Cannot run job ${missing}: `);
        }),
    );
    test.each(["Picture", "version"])("no class and no value: %s", (missing) =>
      loop.runUntilComplete(function* () {
        const error = yield* thrown(() => Executor.of(shared).submit(missing, []));
        expect(error).toBeInstanceOf(UnknownJobError);
        expect(error).toMatchObject({
          name: "UnknownJobError",
          message: expect.stringMatching(/exports no function of that name\. It exports .*\badd\b.*\.$/),
        });
        expect(error.message).not.toContain("Picture,");
      }),
    );
  });

  describe(`${name}: what goes there and comes back`, () => {
    const values: [title: string, make: () => unknown][] = [
      ["numbers", () => [0, -0, 1.5, NaN, Infinity, -Infinity, 2 ** 53, Number.MIN_VALUE]],
      ["undefined", () => undefined],
      ["null", () => null],
      ["booleans", () => [true, false]],
      ["texts", () => ["", "ä€😀", "\0", "\ud800", "line\nline"]],
      ["bigints", () => [0n, -1n, 2n ** 200n]],
      ["dates", () => [new Date(0), new Date(-1), new Date(NaN)]],
      ["regular expressions", () => [/a.b/giu, /\//]],
      [
        "maps",
        () =>
          new Map<unknown, unknown>([
            [{ key: 1 }, "object"],
            [NaN, new Map([[1, 2]])],
          ]),
      ],
      ["sets", () => new Set<unknown>([1, "1", new Set([2]), undefined])],
      ["bytes", () => new Uint8Array([0, 1, 255])],
      ["an ArrayBuffer", () => new Uint8Array([1, 2, 3]).buffer],
      [
        "typed arrays",
        () => [
          new Int8Array([-1]),
          new Uint8ClampedArray([255]),
          new Int16Array([-1]),
          new Uint16Array([1]),
          new Int32Array([-1]),
          new Uint32Array([1]),
          new Float32Array([0.5, NaN]),
          new Float64Array([-0]),
          new BigInt64Array([-1n]),
          new BigUint64Array([1n]),
          new DataView(new Uint8Array([1, 2]).buffer),
        ],
      ],
      ["boxed values", () => [Object(1), Object("text"), Object(false)]],
      ["lists with holes", () => Object.assign(Array.from({ length: 0 }), { 0: 1, 2: 3 })],
      ["nested data", () => ({ a: [{ b: new Map([["c", [new Set([{ d: [undefined, null] }])]]]) }] })],
      ["odd keys", () => ({ "": 1, "a.b": 2, $: 3, then: 4, constructor: 5, toString: 6 })],
      ["an object that is called then", () => ({ then: "no promise", value: 1 })],
      ["an error", () => new RangeError("as data")],
      ["a hundred levels", () => nested(100)],
    ];
    test.each(values)("%s, as an argument and as a result", { timeout: LIMIT }, (_, make) =>
      loop.runUntilComplete(function* () {
        const back = yield* shared.echo(make());
        expect(back).toStrictEqual(make());
      }),
    );
    together("the job itself sees what was sent", function* (jobs) {
      const seen: string[] = [];
      for (const value of [-0, NaN, 10n, undefined, null, "", new Date(0), new Map(), new Set(), [], {}])
        seen.push(yield* jobs.look(value));
      for (const value of [new Uint8Array(1), new ArrayBuffer(1), /x/, new TypeError("x")])
        seen.push(yield* jobs.look(value));
      expect(seen).toEqual([
        "number -0",
        "number NaN",
        "bigint 10",
        "undefined undefined",
        "object null",
        "string ",
        "Date Date",
        "Map Map",
        "Set Set",
        "Array Array",
        "Object Object",
        "Uint8Array Uint8Array",
        "ArrayBuffer ArrayBuffer",
        "RegExp RegExp",
        "Error TypeError",
      ]);
    });
    together("circles, and one thing in two places", function* (jobs) {
      const ring: { next?: unknown; list: unknown[] } = { list: [] };
      ring.next = ring;
      ring.list.push(ring.list);
      const back = (yield* jobs.echo(ring)) as typeof ring & { next: unknown };
      expect(back).not.toBe(ring);
      expect(back.next).toBe(back);
      expect(back.list[0]).toBe(back.list);
      const one = {};
      expect(yield* jobs.sameThing({ a: one, b: one })).toBe(true);
      expect(yield* jobs.sameThing({ a: {}, b: {} })).toBe(false);
    });
    together("large data", function* (jobs) {
      const text = "0123456789".repeat(20_000);
      expect(yield* jobs.echo(text)).toBe(text);
      const bytes = Uint8Array.from({ length: 200_000 }, (_, n) => n % 251);
      expect(yield* jobs.echo(bytes)).toEqual(bytes);
      const list = Array.from({ length: 10_000 }, (_, n) => ({ n }));
      expect(yield* jobs.echo(list)).toEqual(list);
    });
    together("as many arguments as were given", function* (jobs) {
      expect(yield* jobs.count()).toBe(0);
      expect(yield* jobs.count(undefined)).toBe(1);
      expect(yield* jobs.count(1, null, undefined)).toBe(3);
      expect(yield* jobs.withDefault(1)).toBe(11);
      expect(yield* jobs.withDefault(1, 2)).toBe(3);
      expect(yield* jobs.withDefault(1, undefined)).toBe(11);
    });
    together("nothing", function* (jobs) {
      expect(yield* jobs.nothing()).toBeUndefined();
    });
    together("copies, never the thing itself", function* (jobs) {
      const list = [0];
      const first = yield* jobs.append(list);
      expect([list, first]).toEqual([[0], [0, 1]]);
      const object = { a: 1 };
      expect(yield* jobs.echo(object)).not.toBe(object);
      const pending = createTask(() => jobs.nap(5));
      const sent = createTask(() => jobs.append(first));
      yield* sent;
      yield* pending;
      expect(first).toEqual([0, 1]);
    });
    together("an own __proto__ is data and nothing else", function* (jobs) {
      const sly = JSON.parse('{"__proto__": {"admin": true}, "a": 1}') as object;
      const back = (yield* jobs.echo(sly)) as Record<string, unknown>;
      expect(Object.keys(back)).toEqual(["__proto__", "a"]);
      expect(back["admin"]).toBeUndefined();
      expect(Object.getPrototypeOf(back)).toBe(Object.prototype);
    });
    together("instances of classes arrive as plain objects", function* (jobs) {
      class Point {
        x = 1;
        get double(): number {
          return 2 * this.x;
        }
      }
      const back = yield* jobs.echo(new Point());
      expect(Object.getPrototypeOf(back)).toBe(Object.prototype);
      expect(back).toEqual({ x: 1 });
    });
  });

  describe(`${name}: what cannot be sent is refused with its place`, () => {
    const bad: [title: string, make: () => unknown, says: RegExp][] = [
      ["a function", () => () => 1, /^Cannot send argument 2 of job count: it is a function\./],
      ["a named function", () => ({ on: { done() {} } }), /: it has at on\.done the function done\./],
      ["a symbol", () => ({ tags: ["a", Symbol("b")] }), /: it has at tags\[1\] a symbol\./],
      ["a promise", () => [Promise.resolve()], /: it has at \[0\] a Promise\./],
      ["a weak map", () => ({ a: { b: new WeakMap() } }), /: it has at a\.b a WeakMap\./],
      ["in a map", () => new Map([["k", () => 1]]), /: it has at get\(k\) a function\./],
      ["as a key of a map", () => new Map([[() => 1, "v"]]), /: it has at keys\(\) a function\./],
      ["in a set", () => new Set([() => 1]), /: it has at values\(\) a function\./],
      [
        "in the cause of an error",
        () => new Error("x", { cause: () => 1 }),
        /: it has at cause the function cause\./,
      ],
      ["a generator", () => (function* () {})(), /: it is a Generator\. Did you forget `yield\*`\?/],
      ["a call of a job", () => shared.add(1, 2), /: it is a Generator\. Did you forget `yield\*`\?/],
      ["a task", () => [createTask(() => sleep(0))], /: it has at \[0\] .*\. Did you forget `yield\*`\?/],
      ["a wait", () => ({ ms: sleep(0) }), /: it has at ms something to await\. Did you forget `yield\*`\?/],
      [
        "a promise alone",
        () => Promise.resolve(),
        /: it is a Promise\. Await it first: `yield\* until\(promise\)`\.$/,
      ],
      [
        "a sender in an object",
        () => ({ out: new Channel(1).sender() }),
        /: it has at out a Sender\. A sender must be an argument of the job itself, not a part of one\.$/,
      ],
      ["a receiver", () => new Channel(1).receiver(), /: it is a Receiver\. Give the job a sender/],
      ["a channel", () => new Channel(1), /: it is a Channel\. Give its sender, `channel\.sender\(\)`/],
      ["a channel in a list", () => [new Channel(1)], /: it has at \[0\] a Channel\. Give its sender/],
      [
        "a list with a name of its own",
        () => Object.assign([1], { on: () => 1 }),
        /: it has at on the function on\./,
      ],
      [
        "what says that it is a date",
        () => ({ [Symbol.toStringTag]: "Date", on() {} }),
        /: it has at on the function on\./,
      ],
      ["too deep", () => nested(2000), /: it is nested more than 1000 deep\. Send a flatter form of it\.$/],
    ];
    test.each(bad)("an argument: %s", { timeout: LIMIT }, (_, make, says) =>
      loop.runUntilComplete(function* () {
        const error = yield* thrown(() => shared.count(1, make()));
        expect(error).toBeInstanceOf(PayloadError);
        expect(error).toMatchObject({ name: "PayloadError", message: expect.stringMatching(says) });
      }),
    );
    test.each([
      ["a function", /^Cannot send the result of job gives: it has at list\[1\]\.deep the function deep\./],
      ["a symbol", /^Cannot send the result of job gives: it is a symbol\./],
      ["a promise", /^Cannot send the result of job gives: it has at later a Promise\./],
      ["a weak map", /^Cannot send the result of job gives: it has at get\(cache\) a WeakMap\./],
      ["a proxy", /^Cannot send the result of job gives: /],
      ["a getter that throws", /^Cannot send the result of job gives: .*the getter broke/],
    ])("a result: %s", { timeout: LIMIT }, (what, says) =>
      loop.runUntilComplete(function* () {
        const error = yield* thrown(() => shared.gives(what));
        expect(error).toMatchObject({ name: "PayloadError", message: expect.stringMatching(says) });
        expect(error).toBeInstanceOf(PayloadError);
      }),
    );
    test.each([
      ["a proxy", () => new Proxy({}, {})],
      [
        "a getter that throws",
        () => ({
          get broken(): never {
            throw new Error("the getter broke");
          },
        }),
      ],
      [
        "a buffer that was moved away",
        () => {
          const { buffer } = new Uint8Array(8);
          structuredClone(buffer, { transfer: [buffer] });
          return buffer;
        },
      ],
    ])("an argument that is found out late: %s", { timeout: LIMIT }, (_, make) =>
      loop.runUntilComplete(function* () {
        const error = yield* thrown(() => shared.echo(make()));
        expect(error).toMatchObject({
          name: "PayloadError",
          message: expect.stringMatching(/^Cannot send .*job echo: /),
        });
        expect(error).toBeInstanceOf(PayloadError);
      }),
    );
    together("progress: the job is told", function* (jobs) {
      expect(yield* jobs.tellBadly()).toMatch(
        /^PayloadError: Cannot send the progress of job tellBadly: it has at done\.by the function by\./,
      );
    });
    together("an item of a stream", function* (jobs) {
      const channel = new Channel<unknown>(8);
      const error = yield* thrown(() => jobs.sendBadly(channel.sender()));
      expect(error).toMatchObject({
        name: "PayloadError",
        message: expect.stringMatching(
          /^Cannot send an item of argument 1 of job sendBadly: it has at list\[1\] a function\./,
        ),
      });
      expect(channel.tryReceive()).toEqual({ value: { fine: 1 } });
      expect(channel.tryReceive()).toBeUndefined();
    });
    const untransferable: [what: string, says: RegExp][] = [
      ["view", / at \[0\] a Uint8Array, not its buffer\. Give `pixels\.buffer`, not `pixels`\.$/],
      ["shared", / at \[0\] a SharedArrayBuffer\. Leave it out/],
      ["twice", / at \[1\] the same again\. Give each once\.$/],
      ["object", / at \[0\] a value of kind Object\. Give buffers\.$/],
      ["nothing", / at \[0\] undefined\. Give buffers\.$/],
      ["moved before", / at \[0\] a buffer that was moved away before\.$/],
      ["moved meanwhile", /result of job transferBadly: /],
      ["shared with others", / at \[0\] a buffer that must not be moved, .*Leave it out/],
      ["memory of WebAssembly", /result of job transferBadly: /],
      [
        "inside",
        /result of job transferBadly: it has at picture a Transferred\. Give the whole result to `transfer`/,
      ],
    ];
    // S12: one job's mistake is told to its caller, and nobody else hears of it.
    test.each(untransferable)("what is to be moved of a result: %s", { timeout: LIMIT }, (what, says) =>
      loop.runUntilComplete(function* () {
        const [error, other] = yield* all([
          () => thrown(() => shared.transferBadly(what)),
          () => shared.slowAdd(1, 2),
        ]);
        expect(error).toMatchObject({ name: "PayloadError", message: expect.stringMatching(says) });
        expect(error).toBeInstanceOf(PayloadError);
        expect(other).toBe(3);
        expect(yield* shared.transferBadly("fine")).toEqual(new Uint8Array(4));
      }),
    );
    test.each([
      ["a view", () => [new Uint8Array(1)], / at \[0\] a Uint8Array, not its buffer/],
      ["no buffer", () => [{}], / at \[0\] a value of kind Object/],
      ["shared memory", () => [new SharedArrayBuffer(1)], / at \[0\] a SharedArrayBuffer/],
      ["the same twice", () => Array<ArrayBuffer>(2).fill(new ArrayBuffer(1)), / at \[1\] the same again/],
    ])("what is to be moved of the arguments: %s", { timeout: LIMIT }, (_, make, says) =>
      loop.runUntilComplete(function* () {
        const error = yield* thrown(() => shared.add.with({ transfer: make() as never })(1, 2));
        expect(error).toBeInstanceOf(PayloadError);
        expect(String(error)).toMatch(/^PayloadError: Cannot transfer the arguments of job add: /);
        expect(String(error)).toMatch(says);
      }),
    );
    together("and everything goes on as before", function* (jobs) {
      expect(yield* all([jobs.add(1, 2), jobs.slowAdd(1, 2)])).toEqual([3, 3]);
    });
  });

  describe(`${name}: errors`, () => {
    const standard = { Error, TypeError, RangeError, SyntaxError, URIError, EvalError, ReferenceError };
    test.each(Object.entries(standard))("%s stays what it is", { timeout: LIMIT }, (what, Class) =>
      loop.runUntilComplete(function* () {
        const error = yield* thrown(() => shared.fail(what));
        expect(error).toBeInstanceOf(Class);
        expect(Object.getPrototypeOf(error)).toBe(Class.prototype);
        expect(error.name).toBe(what);
        expect(Object.keys(error)).toEqual([]);
      }),
    );
    together("of a class of one's own: name, message and fields", function* (jobs) {
      const error = yield* thrown(() => jobs.fail("StatusError"));
      expect(error).toBeInstanceOf(Error);
      expect(error).toMatchObject({
        name: "StatusError",
        message: "The server answered 503.",
        status: 503,
        code: "E_STATUS",
      });
      expect(String(error)).toBe("StatusError: The server answered 503.");
      expect(error).not.toHaveProperty("retryable");
    });
    together("the code of a system error", function* (jobs) {
      const error = yield* thrown(() => jobs.fail("code"));
      expect(error).toMatchObject({ message: "no such file", code: "ENOENT", errno: -2, path: "/tmp/none" });
    });
    together("causes, and causes of causes", function* (jobs) {
      const error = yield* thrown(() => jobs.fail("cause"));
      expect(error.message).toBe("outer");
      const middle = error.cause as Error;
      expect(middle).toBeInstanceOf(TypeError);
      expect(middle.message).toBe("middle");
      expect(middle.cause).toBeInstanceOf(RangeError);
      expect((middle.cause as Error).message).toBe("inner");
      expect(Object.keys(error)).toEqual([]); // as the platform has it
      expect((yield* thrown(() => jobs.fail("cause that is data"))).cause).toEqual({ step: 3 });
    });
    together("an error that is its own cause", function* (jobs) {
      const error = yield* thrown(() => jobs.fail("circle of causes"));
      expect(error.message).toBe("round");
      expect((error.cause as Error).message).toBe("round");
    });
    together("AggregateError, with its errors", function* (jobs) {
      const error = (yield* thrown(() => jobs.fail("AggregateError"))) as AggregateError;
      expect(error).toBeInstanceOf(AggregateError);
      expect(error.message).toBe("all failed");
      expect(error.errors.map(String)).toEqual(["TypeError: first", "Error: second", "third"]);
      expect(error.errors[0]).toBeInstanceOf(TypeError);
    });
    together("what is thrown and is no error", function* (jobs) {
      expect(yield* thrown(() => jobs.fail("text"))).toBe("only a text");
      expect(yield* thrown(() => jobs.fail("undefined"))).toBeUndefined();
      expect(yield* thrown(() => jobs.fail("object"))).toEqual({ code: 7, why: "no reason" });
      expect(yield* thrown(() => jobs.fail("function"))).toBe("() => 1");
    });
    together("a circle of errors stays one", function* (jobs) {
      const error = (yield* thrown(() => jobs.fail("circle of errors"))) as AggregateError;
      expect(error.message).toBe("round");
      expect(error.errors).toEqual([error, error]);
    });
    // S12: errors are never lost.
    together("the errors that gave way to it", function* (jobs) {
      const error = yield* thrown(() => jobs.failTwice());
      expect(error).toMatchObject({ name: "StatusError", status: 503 });
      const later = suppressedErrors(error);
      expect(later.map(String).toSorted()).toEqual([
        "RangeError: the cleanup failed",
        "TypeError: the release failed",
      ]);
      expect(later.filter((one) => one instanceof RangeError)).toHaveLength(1);
      expect(Object.keys(error).toSorted()).toEqual(["code", "status"]);
    });
    test.skipIf(typeof SuppressedError === "undefined")("SuppressedError, with both errors", () =>
      loop.runUntilComplete(function* () {
        const error = (yield* thrown(() => shared.fail("SuppressedError"))) as SuppressedError;
        expect(error).toBeInstanceOf(SuppressedError);
        expect(error.message).toBe("both failed");
        expect(error.error).toBeInstanceOf(RangeError);
        expect(error.suppressed).toBeInstanceOf(TypeError);
        expect([error.error.message, error.suppressed.message]).toEqual(["release", "body"]);
        expect(Object.keys(error)).toEqual([]); // as the platform has it
      }),
    );
    test.each(["TimeoutError of its own", "TimeoutError by name"])(
      "what only has the name of another is not it: %s",
      { timeout: LIMIT },
      (what) =>
        loop.runUntilComplete(function* () {
          const error = yield* thrown(() => shared.fail(what));
          expect(error).not.toBeInstanceOf(TimeoutError);
          expect(Object.getPrototypeOf(error)).toBe(Error.prototype);
          expect(String(error)).toBe("TimeoutError: The server did not answer.");
        }),
    );
    together("of a class of one's own that extends another: it is still that one", function* (jobs) {
      const error = yield* thrown(() => jobs.fail("TimeoutError that is extended"));
      expect(error).toBeInstanceOf(TimeoutError);
      expect(error).toMatchObject({ ms: 5, server: "a" });
    });
    together("an abort", function* (jobs) {
      const error = yield* thrown(() => jobs.fail("DOMException"));
      expect(error).toBeInstanceOf(DOMException);
      expect(error).toMatchObject({ name: "AbortError", message: "it was aborted", code: 20 });
      expect(error.stack).toMatch(/\bfail\b[^]*\n {4}at job fail \(/);
    });
    test.each(["fail", "failLater", "failAsync"] as const)(
      "the stack of %s says where it was thrown, and where it ran",
      { timeout: LIMIT },
      (job) =>
        loop.runUntilComplete(function* () {
          const { stack } = yield* thrown(() => shared[job]("broken"));
          const lines = stack!.split("\n");
          expect(lines[0]).toMatch(/^(Range)?Error: broken$/);
          expect(lines[1]).toMatch(/\bfail(Inside|Async)?\b.*\bjobs\.ts:\d+:\d+/);
          expect(lines.filter((line) => line.startsWith(`    at job ${job} (`))).toHaveLength(1);
        }),
    );
    together("a coroutine that called the failing one is told of, too", function* (jobs) {
      const { stack } = yield* thrown(() => jobs.failLater("broken"));
      expect(stack).toMatch(/failInside[^]*failLater/);
    });
    together("can be caught, and the next call goes through", function* (jobs) {
      const answers: unknown[] = [];
      for (let n = 0; n < 3; n++) {
        try {
          yield* jobs.fail("Error");
        } catch (error) {
          answers.push((error as Error).message, yield* jobs.add(n, n));
        }
      }
      expect(answers).toEqual(["plain", 0, "plain", 2, "plain", 4]);
    });
  });

  describe(`${name}: options of a call`, () => {
    together("a timeout stops the job, and waits for its cleanup", function* (jobs) {
      const file = newFile();
      const error = yield* thrown(() => jobs.forever.with({ timeout: 100 })(file, 5));
      expect(error).toBeInstanceOf(TimeoutError);
      // Where it had not even begun by then, there is nothing to clean up.
      expect(["cleanup begins,cleanup ends", ""]).toContain(linesOf(file).join());
    });
    together("a timeout is for the waiting, too", function* (jobs) {
      const file = newFile();
      const error = yield* thrown(() => jobs.mark.with({ timeout: 0 })(file, "ran"));
      expect(error).toBeInstanceOf(TimeoutError);
    });
    together("a timeout that does not pass leaves nothing", function* (jobs) {
      expect(yield* jobs.slowAdd.with({ timeout: LIMIT })(1, 2)).toBe(3);
      expect(yield* jobs.add.with({ timeout: Infinity })(1, 2)).toBe(3);
    });
    alone("the higher priority first, among equals whoever came first", { places: 1 }, function* (jobs) {
      const file = newFile();
      yield* whileHeld(jobs, function* (group) {
        const calls: [string, number | undefined][] = [
          ["a", undefined],
          ["b", -1],
          ["c", 5],
          ["d", 0],
          ["e", 5],
          ["f", Infinity],
          ["g", 1.5],
        ];
        for (const [line, priority] of calls) {
          group.createTask(() => jobs.mark.with(priority === undefined ? {} : { priority })(file, line));
          yield* waiting(jobs, calls.findIndex(([other]) => other === line) + 1);
        }
      });
      expect(linesOf(file).join("")).toBe("fcegadb");
    });
    together("retry, until it succeeds", function* (jobs) {
      const file = newFile();
      const told: string[] = [];
      const policy = {
        schedule: Schedule.fixed(1).limit(5),
        onRetry: (error: unknown) => told.push((error as Error).message),
      };
      expect(yield* jobs.flaky.with({ retry: policy })(file, 2)).toBe(3);
      expect(told).toEqual(["attempt 1 failed", "attempt 2 failed"]);
      expect(new Set(linesOf(file)).size).toBe(1); // it has one id
    });
    together("retry, until its schedule ends", function* (jobs) {
      const error = yield* thrown(() => jobs.flaky.with({ retry: Schedule.fixed(1).limit(2) })(newFile(), 9));
      expect(error.message).toBe("attempt 3 failed");
      expect(suppressedErrors(error)).toHaveLength(2);
    });
    together("retry, but not what would fail for ever", function* (jobs) {
      const told: unknown[] = [];
      const retry = { schedule: Schedule.fixed(1).limit(3), onRetry: (error: unknown) => told.push(error) };
      const unknown = jobs as unknown as { nowhereAtAll: typeof jobs.add };
      expect(yield* thrown(() => unknown.nowhereAtAll.with({ retry })(1, 2))).toBeInstanceOf(UnknownJobError);
      const noData = (() => 1) as unknown as number;
      expect(yield* thrown(() => jobs.add.with({ retry })(1, noData))).toBeInstanceOf(PayloadError);
      expect(told).toEqual([]);
    });
    together("a timeout is for all attempts", function* (jobs) {
      const retry = Schedule.fixed(1);
      const error = yield* thrown(() => jobs.fail.with({ retry, timeout: 50 })("Error"));
      expect(error).toBeInstanceOf(TimeoutError);
    });
    together("`with` makes a call for later, as often as one likes", function* (jobs) {
      const careful = jobs.slowAdd.with({ timeout: LIMIT, priority: 1 });
      expect(yield* all([careful(1, 2), careful(3, 4)])).toEqual([3, 7]);
    });
    together("the job knows its name and its id", function* (jobs) {
      const job = yield* jobs.whoAmI.with({ id: "resize-17" })();
      expect(job).toMatchObject({ name: "whoAmI", id: "resize-17", attempt: 1 });
      expect(job!.worker).toMatch(/\S/);
      expect(yield* jobs.whoAmILater.with({ id: "deep" })()).toBe("deep");
    });
    together("each call has an id of its own", function* (jobs) {
      const ids = yield* map([1, 2, 3, 4, 5], () => jobs.whoAmILater());
      expect(new Set(ids).size).toBe(5);
      expect(ids.every((id) => typeof id === "string" && id !== "")).toBe(true);
    });
    const refused: [title: string, options: object, says: RegExp][] = [
      ["timeout: -1", { timeout: -1 }, /^RangeError: Cannot set timeout to -1: give milliseconds/],
      ["timeout: NaN", { timeout: NaN }, /^RangeError: Cannot set timeout to NaN/],
      ["timeout: '5'", { timeout: "5" }, /^RangeError: Cannot set timeout to 5/],
      ["priority: NaN", { priority: NaN }, /^RangeError: Cannot call job add with the priority NaN/],
      ["priority: 'high'", { priority: "high" }, /^RangeError: .* priority high: give a number/],
      ["transfer: {}", { transfer: {} }, /^TypeError: .* `transfer` that is no array: give the buffers/],
      [
        "timeOut: 5",
        { timeOut: 5 },
        /^TypeError: Cannot call job add: there is no option timeOut\. There are timeout, /,
      ],
      ["retry: 3", { retry: 3 }, /^TypeError: Cannot retry by/],
      [
        "retry and transfer",
        { retry: Schedule.fixed(1), transfer: [new ArrayBuffer(1)] },
        /^TypeError: Cannot retry job add with what its first call moves away/,
      ],
      ["onProgress: true", { onProgress: true }, /^TypeError: .* `onProgress` that is no function/],
      ["id: 5", { id: 5 }, /^TypeError: Cannot call job add with the id 5: give a text/],
      ["id: ''", { id: "" }, /^TypeError: Cannot call job add with the id "": give a text/],
    ];
    test.each(refused)("refuses %s", { timeout: LIMIT }, (_, options, says) =>
      loop.runUntilComplete(function* () {
        const before = Executor.of(shared).statistics;
        const error = yield* thrown(() => shared.add.with(options)(1, 2));
        expect(String(error)).toMatch(says);
        expect(Executor.of(shared).statistics).toEqual(before);
      }),
    );
    test.each([null, 5, "fast"])("refuses no options at all: %s", { timeout: LIMIT }, (options) =>
      loop.runUntilComplete(function* () {
        const error = yield* thrown(() => shared.add.with(options as never)(1, 2));
        expect(String(error)).toMatch(/^TypeError: .*`with` takes an object of options/);
      }),
    );
  });

  describe(`${name}: progress`, () => {
    together("in its order, the last always, and before the result", function* (jobs) {
      const told: number[] = [];
      const onProgress = (value: unknown): void => void told.push((value as { n: number }).n);
      expect(yield* jobs.countUp.with({ onProgress })(500)).toBe(500);
      expect(told.at(-1)).toBe(500);
      expect(told).toEqual([...told].sort((a, b) => a - b));
      expect(new Set(told).size).toBe(told.length);
    });
    together("from a coroutine that goes on meanwhile", function* (jobs) {
      const told: unknown[] = [];
      yield* jobs.countUpSlowly.with({ onProgress: (value) => told.push(value) })(20);
      expect(told.at(-1)).toBe(20);
      expect(told).toEqual([...told].sort((a, b) => Number(a) - Number(b)));
    });
    together("before an error, too", function* (jobs) {
      const told: unknown[] = [];
      const error = yield* thrown(() => jobs.tellAndFail.with({ onProgress: (value) => told.push(value) })());
      expect(error.message).toBe("the other half failed");
      expect(told).toEqual(["half"]);
    });
    together("of calls side by side, each to its own", function* (jobs) {
      const told: unknown[][] = [[], []];
      yield* all(
        told.map((list, n) => jobs.countUpSlowly.with({ onProgress: (value) => list.push(value) })(3 + n)),
      );
      expect(told.map((list) => list.at(-1))).toEqual([3, 4]);
    });
    for (const pause of [0, 15]) {
      const how = pause === 0 ? "at once" : "for a while";
      together(`of a cleanup that goes on ${how}, too, before the call ends`, function* (jobs) {
        const told: unknown[] = [];
        const begun = new Event();
        const onProgress = (value: unknown): void => {
          told.push(value);
          begun.set();
        };
        const task = createTask(jobs.tellLeaving.with({ onProgress })(pause));
        yield* begun.wait();
        yield* task.cancel();
        const heard = [...told];
        expect(heard[0]).toBe("begun");
        expect(heard.slice(1)).toEqual(heard.slice(1).sort((a, b) => Number(a) - Number(b)));
        expect(heard.at(-1)).toBe(3);
        yield* sleep(20);
        expect(told).toEqual(heard);
      });
    }
    together("nobody has to hear it", function* (jobs) {
      expect(yield* jobs.countUp(50)).toBe(50);
    });
    together("whoever hears it and throws ends the call with that error", function* (jobs) {
      const file = newFile();
      const error = yield* thrown(() =>
        jobs.forever.with({
          onProgress() {
            throw new RangeError("the listener broke");
          },
        })(file),
      );
      expect(error).toMatchObject({ name: "RangeError", message: "the listener broke" });
      expect(linesOf(file)).toEqual(["cleanup begins", "cleanup ends"]);
    });
  });

  describe(`${name}: who hears of progress`, () => {
    together("onProgress is called outside every task", function* (jobs) {
      const seen: unknown[] = [];
      const onProgress = (): void => void seen.push(currentTask(), visitor.get());
      yield* visitor.with("ann", () => jobs.tellLate.with({ onProgress })(newFile()));
      expect(seen).toEqual([undefined, "nobody"]);
      const creating = jobs.tellLate.with({ onProgress: () => void createTask(() => sleep(1)) });
      expect(yield* thrown(() => creating(newFile()))).toBeInstanceOf(InvalidStateError);
    });
    together("nothing comes after the end of the job", function* (jobs) {
      const file = newFile();
      const heard: unknown[] = [];
      yield* jobs.tellLate.with({ onProgress: (value) => heard.push(value) })(file);
      while (linesOf(file).length === 0) yield* sleep(2);
      yield* sleep(5);
      expect(heard).toEqual(["begun"]);
    });
  });

  describe(`${name}: how many at once`, () => {
    alone("no more run than there are places", { places: 2 }, function* (jobs) {
      const door = new Channel<string>(0);
      const begun: string[] = [];
      yield* taskGroup(function* (group) {
        for (const name of ["a", "b", "c"]) {
          group.createTask(() => jobs.hold(door.sender(), name));
        }
        yield* waiting(jobs, 1);
        expect(Executor.of(jobs).statistics).toMatchObject({ running: 2, waiting: 1 });
        for (let n = 0; n < 6; n++) begun.push(yield* door.receive());
      });
      expect(begun.slice(0, 2).sort()).not.toContain("c begun");
      expect(Executor.of(jobs).statistics).toMatchObject({ running: 0, waiting: 0, completed: 3 });
    });
    alone("whoever waits longest is served first", { places: 1 }, function* (jobs) {
      const file = newFile();
      const names = ["1", "2", "3", "4", "5", "6", "7", "8"];
      yield* whileHeld(jobs, function* (group) {
        for (const [n, line] of names.entries()) {
          group.createTask(() => jobs.mark(file, line));
          yield* waiting(jobs, n + 1);
        }
      });
      expect(linesOf(file)).toEqual(names);
    });
    alone("no more may wait than maxWaiting", { places: 1, maxWaiting: 1 }, function* (jobs) {
      const file = newFile();
      yield* whileHeld(jobs, function* (group) {
        group.createTask(() => jobs.mark(file, "waited"));
        yield* waiting(jobs, 1);
        const error = yield* thrown(() => jobs.mark(file, "refused"));
        expect(error).toBeInstanceOf(ExecutorFullError);
        expect(error).toMatchObject({
          name: "ExecutorFullError",
          message: expect.stringMatching(/job mark: 1 calls wait already, and no more may \(maxWaiting\)/),
        });
      });
      expect(linesOf(file)).toEqual(["waited"]);
      yield* jobs.mark(file, "again");
      expect(linesOf(file)).toEqual(["waited", "again"]);
    });
    alone("what waits is sent as it was when it was called", { places: 1 }, function* (jobs) {
      const list = [0];
      let task!: Task<number>;
      yield* whileHeld(jobs, function* (group) {
        task = group.createTask(() => jobs.lengthOf(list));
        yield* waiting(jobs, 1);
        list.push(5);
      });
      expect(yield* task).toBe(1);
    });
    alone("what waits says for what", { places: 1 }, function* (jobs) {
      yield* whileHeld(jobs, function* (group) {
        const task = group.createTask(() => jobs.mark(newFile(), "ran"));
        yield* waiting(jobs, 1);
        expect(task.waitingFor).toMatch(/\bjob mark\b/);
      });
    });
    test.each<[option: string, value: number]>([
      ["maxWaiting", -1],
      ["maxWaiting", 1.5],
      ["drainTimeout", -1],
      ...(name === "cluster" ? [] : [["grace", NaN] as [string, number]]), // its workers are told
    ])("refuses %s: %d", async (option, value) => {
      const error = await failureOf(EventLoop.run(() => open({ [option]: value })));
      expect(error).toBeInstanceOf(RangeError);
      expect(error.message).toContain(`Cannot set ${option} to ${value}`);
    });
  });

  describe(`${name}: cancellation`, () => {
    alone(
      "of a call that waits: it never begins, and nobody else is disturbed",
      { places: 1 },
      function* (jobs) {
        const file = newFile();
        yield* whileHeld(jobs, function* (group) {
          const tasks: Task<void>[] = [];
          for (const [n, line] of ["a", "b", "c"].entries()) {
            tasks.push(group.createTask(() => jobs.mark(file, line)));
            yield* waiting(jobs, n + 1);
          }
          yield* tasks[1]!.cancel();
          expect(Executor.of(jobs).statistics).toMatchObject({ waiting: 2, cancelled: 1 });
        });
        expect(linesOf(file)).toEqual(["a", "c"]);
      },
    );
    const kinds = [
      ["a coroutine", "forever", ["cleanup begins", "cleanup ends"]],
      ["a plain generator", "plainForever", ["cleanup ends"]],
      ["a coroutine that defers", "deferring", ["deferred 2", "deferred 1"]],
      ["a coroutine that catches everything", "stubborn", ["left"]],
      ["an async function that listens to its signal", "listening", ["aborted"]],
    ] as const;
    test.each(kinds)("unwinds %s, and waits for it", { timeout: LIMIT }, (_, job, lines) =>
      loop.runUntilComplete(function* () {
        const file = newFile();
        const { task } = yield* begun((options) => shared[job].with(options)(file));
        yield* task.cancel("enough");
        expect(linesOf(file)).toEqual(lines);
        expect(yield* thrown(() => task)).toBeInstanceOf(CancelledError);
      }),
    );
    together("waits for cleanup that takes its time", function* (jobs) {
      const [file, answer] = [newFile(), newFile()];
      const { task } = yield* begun((options) => jobs.patient.with(options)(file, answer));
      const ended = createTask(() => task.cancel());
      while (linesOf(file).length === 0) yield* sleep(2);
      expect(ended.done).toBe(false);
      writeFileSync(answer, "");
      yield* ended;
      expect(linesOf(file)).toEqual(["cleanup begins", "cleanup ends"]);
    });
    together("a second time while it cleans up changes nothing", function* (jobs) {
      const [file, answer] = [newFile(), newFile()];
      const { task } = yield* begun((options) => jobs.patient.with(options)(file, answer));
      void task.cancel("first");
      while (linesOf(file).length === 0) yield* sleep(2);
      void task.cancel("second");
      yield* sleep(5);
      void task.cancel("third");
      expect(task.done).toBe(false);
      writeFileSync(answer, "");
      const error = (yield* thrown(() => task)) as CancelledError;
      expect(error.reason).toBe("first");
      expect(linesOf(file)).toEqual(["cleanup begins", "cleanup ends"]);
    });
    together("cleanup that throws fails whoever cancelled it", function* (jobs) {
      const { task } = yield* begun((options) => jobs.clumsy.with(options)());
      const error = yield* thrown(() => task.cancel());
      expect(error).toMatchObject({ name: "RangeError", message: "the cleanup broke" });
      expect(error.stack).toMatch(/\bclumsy\b.*jobs\.ts/);
    });
    together("a shield in the job is respected", function* (jobs) {
      const file = newFile();
      const { task } = yield* begun((options) => jobs.shielded.with(options)(file));
      yield* task.cancel();
      expect(linesOf(file)).toEqual(["step 1", "step 2", "step 3"]);
    });
    together("together with the end: exactly one outcome", function* (jobs) {
      const outcomes = yield* map(
        Array.from({ length: 60 }, (_, n) => n),
        function* (n) {
          const task = createTask(() => jobs.nap(n % 4));
          yield* sleep(n % 7);
          void task.cancel();
          try {
            return (yield* task) === n % 4 ? "result" : "another result";
          } catch (error) {
            return error instanceof CancelledError ? "cancelled" : String(error);
          }
        },
        { concurrency: 10 },
      );
      expect(outcomes.filter((one) => one !== "result" && one !== "cancelled")).toEqual([]);
    });
    together("before the first step: nothing is called", function* (jobs) {
      const file = newFile();
      const before = Executor.of(jobs).statistics;
      const task = createTask(() => jobs.mark(file, "ran"));
      yield* task.cancel();
      expect(linesOf(file)).toEqual([]);
      expect(Executor.of(jobs).statistics).toEqual(before);
    });
    together("a signal that was not aborted is not", function* (jobs) {
      expect(yield* jobs.isAborted()).toBe(false);
    });
    together("a deadline around the call stops the job", function* (jobs) {
      const file = newFile();
      const { expired } = yield* moveOnAfter(100, () => jobs.forever(file));
      expect(expired).toBe(true);
      expect(["cleanup begins,cleanup ends", ""]).toContain(linesOf(file).join());
      const error = yield* thrown(() => timeout(20, () => jobs.forever(newFile())));
      expect(error).toBeInstanceOf(TimeoutError);
    });
    together("of a thousand calls, at once", function* (jobs) {
      const tasks = Array.from({ length: 300 }, (_, n) => createTask(() => jobs.nap(n)));
      yield* sleep(5);
      for (const task of tasks) void task.cancel();
      yield* allSettled(tasks);
      expect(yield* jobs.add(1, 2)).toBe(3);
      expect(Executor.of(jobs).statistics).toMatchObject({ running: 0, waiting: 0 });
    });
  });

  describe(`${name}: what a job leaves, and what surrounds it`, () => {
    together("a task that it leaves is cancelled at its end, and awaited", function* (jobs) {
      const file = newFile();
      expect(yield* jobs.leaveTask(file)).toBe("left it");
      expect(linesOf(file)).toEqual(["cleanup begins", "cleanup ends"]);
    });
    for (const when of ["meanwhile", "after"] as const) {
      together(`a task that it leaves and that fails, ${when}: the job does`, function* (jobs) {
        const error = yield* thrown(() => jobs.leaveFailing(when));
        expect(error).toBeInstanceOf(RangeError);
        expect(error).toMatchObject({ message: "of what was left" });
        expect(yield* jobs.slowAdd(1, 2)).toBe(3);
      });
    }
    together("a callback that it makes and that throws: the job does", function* (jobs) {
      expect(yield* thrown(() => jobs.callBadly())).toMatchObject({
        name: "RangeError",
        message: "of a callback",
      });
      expect(yield* jobs.slowAdd(1, 2)).toBe(3);
    });
    together("a task that it leaves can send until its end", function* (jobs) {
      const channel = new Channel<number>(100);
      expect(yield* jobs.leaveSending(channel.sender())).toBe("left it");
      for (let n = 1, item = channel.tryReceive(); item; n++, item = channel.tryReceive()) {
        expect(item.value).toBe(n);
      }
      expect(channel.statistics.closed).toBe(false);
      yield* sleep(5);
      expect(channel.tryReceive()).toBeUndefined();
    });
    together("a job that cancels itself fails with that, and its caller goes on", function* (jobs) {
      const error = yield* thrown(() => jobs.cancelItself());
      expect(error).toBeInstanceOf(CancelledError);
      expect(String(error)).toContain("it has had enough");
      yield* sleep(1);
    });
    together("S2: its cleanup can await what it has started", function* (jobs) {
      const file = newFile();
      const { task } = yield* begun((options) => jobs.awaitAtLast.with(options)(file));
      yield* task.cancel();
      expect(linesOf(file)).toEqual(["its task gave 2"]);
    });
    test("it sees no context and no deadline of its caller", { timeout: LIMIT }, () =>
      storage.run("ann", () =>
        loop.runUntilComplete(() =>
          visitor.with("ann", () =>
            timeout(60_000, function* () {
              expect(yield* shared.surroundings()).toEqual(["nobody", "nothing stored", Infinity]);
              expect([visitor.get(), storage.getStore()]).toEqual(["ann", "ann"]);
            }),
          ),
        ),
      ),
    );
  });

  describe(`${name}: combined`, () => {
    together("all: results in their order", function* (jobs) {
      expect(yield* all({ a: jobs.add(1, 1), b: jobs.slowAdd(2, 2), c: jobs.laterAdd(3, 3) })).toEqual({
        a: 2,
        b: 4,
        c: 6,
      });
    });
    together("all: a failure stops the others, and waits for them", function* (jobs) {
      const file = newFile();
      const started = new Event();
      const error = yield* thrown(() =>
        all([
          jobs.forever.with({ onProgress: () => started.set() })(file, 2),
          function* () {
            yield* started.wait();
            return yield* jobs.fail("TypeError");
          },
        ]),
      );
      expect(error).toBeInstanceOf(TypeError);
      expect(linesOf(file)).toEqual(["cleanup begins", "cleanup ends"]);
    });
    together("race: the first wins, the others are stopped", function* (jobs) {
      const file = newFile();
      const started = new Event();
      const value = yield* race([
        jobs.forever.with({ onProgress: () => started.set() })(file, 2),
        function* () {
          yield* started.wait();
          return yield* jobs.slowAdd(1, 2);
        },
      ]);
      expect(value).toBe(3);
      expect(linesOf(file)).toEqual(["cleanup begins", "cleanup ends"]);
    });
    together("any: the first that succeeds", function* (jobs) {
      const value = yield* any([jobs.fail("Error"), jobs.failLater("later"), jobs.slowAdd(1, 2)]);
      expect(value).toBe(3);
      const error = yield* thrown(() => any([jobs.fail("Error"), jobs.failLater("later")]));
      expect(error).toBeInstanceOf(AggregateError);
    });
    together("map with a limit", function* (jobs) {
      const squares = yield* map([1, 2, 3, 4, 5, 6], (n) => jobs.slowAdd(n, n), { concurrency: 2 });
      expect(squares).toEqual([2, 4, 6, 8, 10, 12]);
    });
    together("asCompleted", function* (jobs) {
      let sum = 0;
      for (const next of asCompleted([jobs.add(1, 1), jobs.slowAdd(2, 2), jobs.nap(3)])) {
        sum += yield* next;
      }
      expect(sum).toBe(9);
    });
    together("allSettled", function* (jobs) {
      const settled = yield* allSettled([jobs.add(1, 1), jobs.fail("RangeError")]);
      expect(settled.map(({ status }) => status)).toEqual(["fulfilled", "rejected"]);
    });
    together("supervise: a job that fails leaves the others alone", function* (jobs) {
      const failures: unknown[] = [];
      const results: number[] = [];
      yield* supervise(
        function* (group) {
          group.createTask(() => jobs.fail("RangeError"));
          group.createTask(function* () {
            results.push(yield* jobs.slowAdd(1, 2));
          });
        },
        { onFailure: (error) => failures.push((error as Error).message) },
      );
      expect([failures, results]).toEqual([["out of range"], [3]]);
    });
    together("from several tasks, and in the cleanup of one", function* (jobs) {
      const answers: number[] = [];
      yield* taskGroup(function* (group) {
        for (let n = 0; n < 5; n++) {
          group.createTask(function* () {
            try {
              answers.push(yield* jobs.slowAdd(n, 0));
              if (n === 4) yield* sleepForever();
            } finally {
              answers.push(yield* jobs.add(n, 10));
            }
          });
        }
        while (answers.length < 9) yield* sleep(2);
        group.cancel();
      });
      expect(answers.toSorted((a, b) => a - b)).toEqual([0, 1, 2, 3, 4, 10, 11, 12, 13, 14]);
    });
    together("runInExecutor, by its name", function* (jobs) {
      const task = loop.runInExecutor(jobs, "slowAdd", 1, 2);
      expect(yield* task).toBe(3);
      expect(yield* thrown(() => loop.runInExecutor(jobs, "fail", "TypeError"))).toBeInstanceOf(TypeError);
    });
  });

  describe(`${name}: streams`, () => {
    together("items come in their order, and the end after them", function* (jobs) {
      const channel = new Channel<number>(4);
      const task = createTask(() => jobs.produce(channel.sender(), 30));
      const items: number[] = [];
      for (let next = yield* channel.receiveOrEnd(); !next.done; next = yield* channel.receiveOrEnd()) {
        items.push(next.value);
      }
      expect(items).toEqual(Array.from({ length: 30 }, (_, n) => n + 1));
      expect(yield* task).toBe(30);
    });
    together("a job that fails has sent what it sent", function* (jobs) {
      const channel = new Channel<number>(4);
      const error = yield* thrown(() => jobs.sendAndFail(channel.sender()));
      expect(error).toBeInstanceOf(RangeError);
      expect([channel.tryReceive(), channel.tryReceive()]).toEqual([{ value: 1 }, { value: 2 }]);
      expect(channel.statistics.closed).toBe(false);
    });
    together("whoever sends waits for who receives", function* (jobs) {
      const file = newFile();
      const channel = new Channel<number>(2);
      const task = createTask(() => jobs.produceNoting(channel.sender(), file));
      for (let n = 1; n <= 5; n++) {
        yield* sleep(5);
        expect(yield* channel.receive()).toBe(n);
        // What was received, what the channel holds, and one or two on their way.
        expect(linesOf(file).length).toBeLessThanOrEqual(n + 2 + 2);
      }
      yield* task.cancel();
      expect(linesOf(file).at(-1)).toBe("stopped");
    });
    together("several senders", function* (jobs) {
      const [even, odd] = [new Channel<number>(1), new Channel<number>(1)];
      const task = createTask(() => jobs.divide(even.sender(), 9, odd.sender()));
      const [evens, odds] = yield* all([drained(even), drained(odd)]);
      yield* task;
      expect([evens, odds]).toEqual([
        [2, 4, 6, 8],
        [1, 3, 5, 7, 9],
      ]);
    });
    together("clones of a sender, from several tasks of the job", function* (jobs) {
      const channel = new Channel<string>(1);
      const task = createTask(() => jobs.sendSideBySide(channel.sender(), 5));
      const items = yield* drained(channel);
      yield* task;
      expect(items.toSorted()).toEqual(["a1", "a2", "a3", "a4", "a5", "b1", "b2", "b3", "b4", "b5"]);
      expect(items.filter((item) => item.startsWith("a"))).toEqual(["a1", "a2", "a3", "a4", "a5"]);
    });
    together("one that the job leaves open stays open", function* (jobs) {
      const channel = new Channel<number>(8);
      const sender = channel.sender();
      yield* jobs.produce(sender, 2, true);
      yield* jobs.produce(sender, 2, true);
      expect(channel.statistics.closed).toBe(false);
      sender.close();
      expect(yield* drained(channel)).toEqual([1, 2, 1, 2]);
    });
    together("the job is told when nobody receives any more", function* (jobs) {
      const channel = new Channel<number>(1);
      const receiver = channel.receiver();
      const task = createTask(() => jobs.produceForever(channel.sender()));
      expect(yield* receiver.receive()).toBe(1);
      expect(yield* receiver.receive()).toBe(2);
      receiver.close();
      expect(yield* task).toBe("BrokenChannelError");
    });
    together("cancelled in the middle", function* (jobs) {
      for (let received = 0; received <= 3; received++) {
        const file = newFile();
        const channel = new Channel<number>(0);
        const task = createTask(() => jobs.produceNoting(channel.sender(), file));
        for (let n = 1; n <= received; n++) expect(yield* channel.receive()).toBe(n);
        if (received === 0) while (Executor.of(jobs).statistics.running === 0) yield* sleep(1);
        yield* task.cancel();
        const lines = linesOf(file);
        if (lines.length > 0) expect(lines.at(-1)).toBe("stopped");
        expect(channel.tryReceive()).toBeUndefined();
      }
    });
    together("cancelled while items are on their way", function* (jobs) {
      for (let n = 0; n < 20; n++) {
        const file = newFile();
        const channel = new Channel<number>(4);
        const task = createTask(() => jobs.produceNoting(channel.sender(), file));
        for (let item = 0; item < n; item++) yield* channel.receive();
        yield* task.cancel();
        const { length } = linesOf(file);
        yield* sleep(1);
        expect(linesOf(file)).toHaveLength(length);
      }
    });
    for (const how of ["send", "trySend"] as const) {
      together(`S2: cleanup of a job that was cancelled can ${how}`, function* (jobs) {
        const file = newFile();
        const channel = new Channel<string>(1);
        const task = createTask(() => jobs.sendAtLast(channel.sender(), file, how));
        expect(yield* channel.receive()).toBe("first");
        yield* task.cancel();
        expect(yield* drained(channel)).toEqual(["last"]);
        expect(linesOf(file)).toEqual(["sent", "stopped"]);
      });
    }
    together("S2: cleanup sends to who waits for it", function* (jobs) {
      const channel = new Channel<string>(0);
      const task = createTask(() => jobs.sendAtLast(channel.sender(), newFile()));
      expect(yield* channel.receive()).toBe("first");
      const rest = createTask(() => drained(channel));
      yield* sleep(0);
      yield* task.cancel();
      expect(yield* rest).toEqual(["last"]);
    });
    for (const what of ["has no room", "is closed"]) {
      together(`S2: cleanup is told that its caller's channel ${what}`, function* (jobs) {
        const file = newFile();
        const channel = new Channel<string>(0);
        const task = createTask(() => jobs.sendAtLast(channel.sender(), file));
        expect(yield* channel.receive()).toBe("first");
        if (what === "is closed") channel.close();
        const error = yield* thrown(() => task.cancel());
        expect(error).toBeInstanceOf(BrokenChannelError);
        expect(String(error)).toContain(
          "Cannot send to argument 1 of job sendAtLast: whoever called it receives no more",
        );
        expect(linesOf(file)).toEqual(["stopped"]);
        expect(channel.statistics).toMatchObject({ size: 0, closed: what === "is closed" });
      });
    }
    together(
      "S2: nothing comes after an item that found no room when the call was cancelled",
      function* (jobs) {
        const file = newFile();
        const channel = new Channel<number>(1);
        const task = createTask(() => jobs.sendForeverAndAtLast(channel.sender(), file));
        while (channel.statistics.waitingSenders === 0) yield* sleep(1);
        yield* task.cancel();
        expect(linesOf(file)).toEqual([expect.stringContaining("whoever called it receives no more")]);
        expect([channel.tryReceive(), channel.tryReceive()]).toEqual([{ value: 1 }, undefined]);
      },
    );
    together("the job hears in its own words that nobody receives", function* (jobs) {
      for (const end of ["receiver", "channel", "sender"]) {
        const channel = new Channel<number>(1);
        const [receiver, sender] = [channel.receiver(), channel.sender()];
        const task = createTask(() => jobs.sendUntilRefused(sender));
        expect(yield* receiver.receive()).toBe(1);
        ({ receiver, channel, sender })[end]!.close();
        expect(yield* task).toBe(
          "BrokenChannelError: Cannot send to argument 1 of job sendUntilRefused: whoever called it receives no more: " +
            "the channel was closed there, or the call was cancelled while it had no room. Stop sending.",
        );
      }
    });
    together(
      "a function can send one item without waiting, and the next once that was taken",
      function* (jobs) {
        const channel = new Channel<number>(8);
        const sender = channel.sender();
        expect(yield* jobs.trySendAll(sender, 3)).toEqual([true, false, false]);
        yield* jobs.trySendEach(sender, 3);
        expect(yield* drained(channel)).toEqual([1, 1, 2, 3]);
      },
    );
    together("items are copies", function* (jobs) {
      const channel = new Channel<{ n: number }>(8);
      yield* jobs.sendChanging(channel.sender(), 3);
      expect(yield* drained(channel)).toEqual([{ n: 1 }, { n: 2 }, { n: 3 }]);
    });
  });

  describe(`${name}: the executor`, () => {
    alone("counts what became of the calls", {}, function* (jobs) {
      const { statistics: before } = Executor.of(jobs);
      expect(before).toMatchObject({
        waiting: 0,
        running: 0,
        completed: 0,
        failed: 0,
        cancelled: 0,
        restarted: 0,
      });
      expect(before.workers).toBeGreaterThan(0);
      yield* jobs.add(1, 2);
      yield* all([jobs.slowAdd(1, 2), jobs.laterAdd(1, 2)]);
      yield* thrown(() => jobs.fail("Error"));
      yield* thrown(() => Executor.of(jobs).submit("missing", []));
      const { task } = yield* begun((options) => jobs.forever.with(options)(newFile()));
      expect(Executor.of(jobs).statistics).toMatchObject({ running: 1, waiting: 0 });
      yield* task.cancel();
      expect(Executor.of(jobs).statistics).toMatchObject({
        waiting: 0,
        running: 0,
        completed: 3,
        failed: 2,
        cancelled: 1,
        restarted: 0,
      });
    });
    const events: JobEvent[] = [];
    alone(
      "tells a monitor of each call, with the task that waits and where it runs",
      { name: "the works" },
      function* (jobs) {
        yield* createTask(() => jobs.slowAdd(1, 2), { name: "adder" });
        yield* thrown(() => jobs.fail.with({ id: "bad one" })("Error"));
        const { task } = yield* begun((options) => jobs.forever.with(options)(newFile()));
        yield* task.cancel();
        const of = (id: string): JobEvent[] => events.filter((event) => event.id === id);
        const ids = [...new Set(events.map(({ id }) => id))];
        expect(ids).toHaveLength(3);
        expect(events.every(({ executor }) => executor === "the works")).toBe(true);
        const [added, failed, stopped] = ids.map(of);
        expect(added!.map(({ what, outcome }) => outcome ?? what)).toEqual(["queued", "started", "result"]);
        expect(added!.every((event) => event.job === "slowAdd" && event.task.name.startsWith("adder"))).toBe(
          true,
        );
        expect(added![0]!.worker).toBeUndefined();
        expect(added![1]!.worker).toMatch(/\S/);
        expect(added![2]!.worker).toBe(added![1]!.worker);
        expect(ids[1]).toBe("bad one");
        expect(failed!.map(({ what, outcome }) => outcome ?? what)).toEqual(["queued", "started", "error"]);
        expect(stopped!.map(({ what, outcome }) => outcome ?? what)).toEqual([
          "queued",
          "started",
          "progress",
          "cancelled",
        ]);
        expect(stopped![2]!.value).toBe("begun");
      },
      () => {
        events.length = 0;
        return { monitor: { job: (event) => void events.push(event) } };
      },
    );
    together("`Executor.of` gives it, and nothing else", function* (jobs) {
      const executor = Executor.of(jobs);
      expect(executor).toBeInstanceOf(Executor);
      expect(Executor.of(jobs)).toBe(executor);
      expect(executor.name).toMatch(/\S/);
      expect(yield* executor.submit("add", [1, 2])).toBe(3);
      for (const other of [{}, null, 5, jobs.add, new Map()]) {
        expect(() => Executor.of(other as object)).toThrow(/^Cannot tell the executor: give the jobs that/);
      }
    });
    together("its jobs are no promise, no list and no JSON", function* (jobs) {
      const proxy = jobs as unknown as Record<PropertyKey, unknown>;
      for (const key of ["then", "toJSON", "constructor", "__proto__"]) expect(proxy[key]).toBeUndefined();
      for (const key of [Symbol.iterator, Symbol.asyncIterator, Symbol.toStringTag])
        expect(proxy[key]).toBeUndefined();
      expect(String(jobs)).toBe(`the jobs of ${Executor.of(jobs).name}`);
      expect(yield* until(Promise.resolve(jobs))).toBe(jobs);
      expect(Object.keys(jobs)).toEqual([]);
      expect(JSON.stringify({ jobs })).toBe('{"jobs":{}}');
      expect(jobs.add).toBe(jobs.add);
      expect(() => {
        proxy["add"] = 1;
      }).toThrow(/^Cannot set add of .*: its jobs are what its module exports/);
    });
  });

  describe(`${name}: closing`, () => {
    test("waits for what runs, and takes no more", { timeout: LIMIT }, () =>
      EventLoop.run(function* () {
        const door = new Channel<string>(0);
        yield* taskGroup(function* (group) {
          const opened = yield* opener(group, {}, function* (jobs) {
            const task = group.createTask(() => jobs.hold(door.sender()));
            expect(yield* door.receive()).toBe("job begun");
            return { jobs, task };
          });
          const { jobs, task } = opened.use;
          yield* opened.leaving;
          const error = yield* thrown(() => jobs.add(1, 2));
          expect(error).toBeInstanceOf(ExecutorClosedError);
          expect(error.message).toMatch(/^Cannot call a job of .*: it is closed\. Keep the coroutine/);
          expect(opened.left.done).toBe(false);
          expect(task.done).toBe(false);
          expect(yield* door.receive()).toBe("job ends");
          expect(yield* task).toBe("job");
          yield* opened.left;
        });
      }),
    );
    test("what waits for a place is served first, too", { timeout: LIMIT }, () =>
      EventLoop.run(function* () {
        const [door, file] = [new Channel<string>(0), newFile()];
        yield* taskGroup(function* (group) {
          const opened = yield* opener(group, { places: 1 }, function* (jobs) {
            group.createTask(() => jobs.hold(door.sender()));
            yield* door.receive();
            const task = group.createTask(() => jobs.mark(file, "ran"));
            yield* waiting(jobs, 1);
            return { jobs, task };
          });
          yield* opened.leaving;
          yield* door.receive();
          yield* opened.use.task;
          yield* opened.left;
        });
        expect(linesOf(file)).toEqual(["ran"]);
      }),
    );
    test("cancels what has not ended after drainTimeout", { timeout: LIMIT }, () =>
      EventLoop.run(function* () {
        const [file, never] = [newFile(), newFile()];
        yield* supervise(
          function* (group) {
            const opened = yield* opener(group, { places: 1, drainTimeout: 20 }, function* (jobs) {
              const { task } = yield* begun((options) => jobs.forever.with(options)(file, 2));
              const waits = group.createTask(() => jobs.mark(never, "ran"));
              yield* waiting(jobs, 1);
              return { jobs, task, waits };
            });
            yield* opened.left;
            // Whether or not the one that waited got the place that was freed, it was cancelled.
            for (const task of [opened.use.task, opened.use.waits]) {
              const error = yield* thrown(() => task);
              expect(error).toBeInstanceOf(ExecutorClosedError);
              expect(error.message).toMatch(/^Cannot wait for job .* any longer: .* was closed/);
            }
            expect(Executor.of(opened.use.jobs).statistics).toMatchObject({ running: 0, waiting: 0 });
          },
          { onFailure() {} },
        );
        expect(linesOf(file)).toEqual(["cleanup begins", "cleanup ends"]);
        expect(linesOf(never)).toEqual([]);
      }),
    );
    alone("by hand, once or twice", {}, function* (jobs) {
      const executor = Executor.of(jobs);
      const task = createTask(() => jobs.nap(5));
      yield* jobs.nap(0);
      yield* all([executor.close(), executor.close()]);
      expect(task.done).toBe(true);
      expect(yield* thrown(() => jobs.nap(1))).toBeInstanceOf(ExecutorClosedError);
      yield* executor.close({ drainTimeout: 0 });
      expect(() => executor.close({ drainTimeout: -1 })).toThrow(RangeError);
    });
    alone("by hand, at once", {}, function* (jobs) {
      const file = newFile();
      const { task } = yield* begun((options) => jobs.forever.with(options)(file));
      yield* Executor.of(jobs).close({ drainTimeout: 0 });
      expect(yield* thrown(() => task)).toBeInstanceOf(ExecutorClosedError);
      expect(linesOf(file)).toEqual(["cleanup begins", "cleanup ends"]);
    });
    test("when the coroutine that opened it is cancelled", { timeout: LIMIT }, () =>
      EventLoop.run(function* () {
        const file = newFile();
        yield* taskGroup(function* (group) {
          const opened = yield* opener(group, { drainTimeout: 0 }, function* (jobs) {
            const { task } = yield* begun((options) => jobs.forever.with(options)(file));
            return { jobs, task };
          });
          yield* opened.leave.cancel();
          expect(yield* thrown(() => opened.use.task)).toBeInstanceOf(ExecutorClosedError);
        });
        expect(linesOf(file)).toEqual(["cleanup begins", "cleanup ends"]);
      }),
    );
    test(
      "when main fails: with its own error, beside which is that of a job in the background",
      { timeout: LIMIT },
      async () => {
        const file = newFile();
        const error: unknown = await EventLoop.run(function* () {
          const jobs = yield* open<Module>({ ...PATIENT, drainTimeout: 0 });
          const started = new Event();
          createTask(jobs.forever.with({ onProgress: () => started.set() })(file));
          yield* started.wait();
          throw new RangeError("main's own");
        }).catch((thrown: unknown) => thrown);
        expect(error).toMatchObject({ name: "RangeError", message: "main's own" });
        expect(suppressedErrors(error)).toEqual([expect.any(ExecutorClosedError)]);
        expect(linesOf(file)).toEqual(["cleanup begins", "cleanup ends"]);
      },
    );
  });

  /** Opens an executor in a task of its own, which is left when it is told to. */
  function* opener<T extends { jobs: AllJobs }>(
    group: { createTask<U>(body: () => Awaitable<U>): Task<U> },
    options: OpenOptions,
    body: (jobs: AllJobs) => Awaitable<T>,
  ): Awaitable<{ use: T; leaving: Awaitable<void>; left: Task<void>; leave: Task<void> }> {
    const [inside, told] = [new Event(), new Event()];
    let use!: T;
    const left = group.createTask(function* () {
      const jobs = yield* open<Module>({ ...PATIENT, ...options });
      use = yield* body(jobs);
      inside.set();
      yield* told.wait();
    });
    yield* race([inside.wait(), left]);
    function* leaving(): Awaitable<void> {
      told.set();
      // It is closed as soon as a call is refused.
      while (!(yield* isClosed(use.jobs))) yield* sleep(1);
    }
    if (options.drainTimeout !== undefined) told.set();
    return { use, leaving: leaving(), left, leave: left };
  }
}

/** While one job keeps the only place: makes calls that wait; then lets all of them run. */
function* whileHeld(
  jobs: AllJobs,
  body: (group: { createTask<T>(body: () => Awaitable<T>): Task<T> }) => Awaitable<void>,
): Awaitable<void> {
  const door = new Channel<string>(0);
  yield* taskGroup(function* (group) {
    group.createTask(() => jobs.hold(door.sender()));
    yield* door.receive();
    yield* body(group);
    yield* door.receive();
  });
}

/** Until so many calls wait. */
function* waiting(jobs: AllJobs, count: number): Awaitable<void> {
  while (Executor.of(jobs).statistics.waiting < count) yield* sleep(1);
}

function* isClosed(jobs: AllJobs): Awaitable<boolean> {
  try {
    yield* jobs.nothing.with({ timeout: 5 })(); // it might wait behind others
    return false;
  } catch (error) {
    return error instanceof ExecutorClosedError;
  }
}

/** What is received until the end. */
function* drained<T>(channel: Channel<T>): Awaitable<T[]> {
  const items: T[] = [];
  for (let next = yield* channel.receiveOrEnd(); !next.done; next = yield* channel.receiveOrEnd()) {
    items.push(next.value);
  }
  return items;
}

function nested(depth: number): unknown {
  let value: unknown = "bottom";
  for (let n = 0; n < depth; n++) value = n % 2 === 0 ? { in: value } : [value];
  return value;
}
