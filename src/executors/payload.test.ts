/** What may be sent: whatever is let pass can be copied, and comes out the same. */
import { describe, expect, test } from "vitest";
import { PayloadError } from "./errors.ts";
import { checkPayload, copyPayload } from "./payload.ts";
import fc from "../../tests/support/fast-check.ts";

const passes = (value: unknown): boolean => {
  try {
    checkPayload(value, "it");
    return true;
  } catch (error) {
    if (error instanceof PayloadError) return false;
    throw error;
  }
};

/** Plain data of every kind. */
const plain = fc.letrec<{ node: unknown }>((tie) => ({
  node: fc.oneof(
    { maxDepth: 5 },
    fc.oneof(
      fc.string({ unit: "binary" }),
      fc.double(),
      fc.bigInt(),
      fc.boolean(),
      fc.constantFrom<unknown>(undefined, null, -0, NaN),
      fc.date({ noInvalidDate: false }),
      fc.uint8Array(),
      fc.float64Array(),
      fc.bigInt64Array(),
      fc.constant(/a/g),
      fc.string().map((text) => new RangeError(text)),
    ),
    fc.array(tie("node"), { maxLength: 4 }),
    fc.dictionary(fc.string(), tie("node"), { maxKeys: 4, noNullPrototype: true }),
    fc.array(fc.tuple(tie("node"), tie("node")), { maxLength: 3 }).map((entries) => new Map(entries)),
    fc.array(tie("node"), { maxLength: 3 }).map((items) => new Set(items)),
  ),
})).node;

/** What cannot be sent; made anew, since some is used up. */
const bad: (() => unknown)[] = [
  () => () => 1,
  () => class {},
  () => Symbol("s"),
  () => Promise.resolve(),
  () => new WeakMap(),
  () => new WeakSet(),
  () => new WeakRef({}),
  () => (function* () {})(),
  () => new Proxy({}, {}),
  () => new Proxy([], {}),
  () => new Map().entries(),
  () => Object(Symbol("boxed")),
  () => new AbortController(),
  () => new MessageChannel().port1,
  () => new Intl.NumberFormat(),
  () => Object.assign([1], { on: () => 1 }),
  () => ({ [Symbol.toStringTag]: "Date", on: () => 1 }),
  () => {
    const { buffer } = new Uint8Array(4);
    structuredClone(buffer, { transfer: [buffer] });
    return buffer;
  },
  () => {
    const bytes = new Uint8Array(4);
    structuredClone(bytes, { transfer: [bytes.buffer] });
    return bytes;
  },
];

describe("plain data", () => {
  test("is let pass, and copied as it is", () => {
    fc.assert(
      fc.property(plain, (value) => {
        checkPayload(value, "it");
        expect(copyPayload(value, "it")).toStrictEqual(value);
      }),
    );
  });
  test("whatever else is let pass can be copied", () => {
    fc.assert(
      fc.property(
        fc.anything({
          withBigInt: true,
          withBoxedValues: true,
          withDate: true,
          withMap: true,
          withSet: true,
          withTypedArray: true,
          withSparseArray: true,
          withNullPrototype: true,
          withObjectString: true,
        }),
        (value) => {
          if (passes(value)) structuredClone(value);
        },
      ),
    );
  });
  test("circles and shared parts pass", () => {
    const ring: { self?: unknown; pair: unknown[] } = { pair: [] };
    ring.self = ring;
    ring.pair.push(ring, ring.pair, new Map([[ring, new Set([ring])]]));
    checkPayload(ring, "it");
    expect(copyPayload(ring, "it").pair[1]).not.toBe(ring.pair);
  });
  test("getters are read as they will be, and nothing inherited is", () => {
    const value = Object.create({ inherited: () => 1 }) as object;
    Object.defineProperty(value, "hidden", { value: () => 1 });
    expect(passes(value)).toBe(true);
    expect(passes({ [Symbol("key")]: () => 1 })).toBe(true); // symbols are left out
  });
  test("shared memory passes, and is shared", () => {
    const shared = new Uint8Array(new SharedArrayBuffer(4));
    checkPayload(shared, "it");
    copyPayload(shared, "it")[0] = 7;
    expect(shared[0]).toBe(7);
  });
  test("what is moved passes, and is", () => {
    const { port1, port2 } = new MessageChannel();
    const bytes = new Uint8Array(4);
    checkPayload({ port1, bytes }, "it", [port1, bytes.buffer]);
    const copy = copyPayload({ port1, bytes }, "it", [port1, bytes.buffer]);
    expect(bytes.length).toBe(0);
    copy.port1.close();
    port2.close();
  });
});

describe("what is no plain data", () => {
  test.each(bad.map((make) => [String(make).slice(6, 60).replaceAll(/\s+/g, " "), make] as const))(
    "%s is refused wherever it stands",
    (_, make) => {
      const wraps: ((value: unknown) => unknown)[] = [
        (value) => value,
        (value) => [1, value],
        (value) => ({ a: { b: value } }),
        (value) => new Map([["k", value]]),
        (value) => new Map([[value, "v"]]),
        (value) => new Set([value]),
        (value) => new Error("with a cause", { cause: value }),
        (value) => [[[{ list: [value] }]]],
      ];
      for (const wrap of wraps) expect(() => checkPayload(wrap(make()), "it")).toThrow(PayloadError);
    },
  );
  test("is refused in the midst of whatever is plain", () => {
    fc.assert(
      fc.property(plain, fc.constantFrom(...bad), fc.nat(), (value, make, turn) => {
        expect(passes(turn % 2 === 0 ? [value, make()] : { value, odd: make() })).toBe(false);
      }),
    );
  });
  test("the error says where it stands, and what to send instead", () => {
    const says = (value: unknown): string => {
      try {
        checkPayload(value, "argument 1 of job resize");
      } catch (error) {
        return (error as Error).message;
      }
      return "nothing";
    };
    const instead =
      "Send plain data: numbers, texts, dates, bytes, and arrays, maps, sets and objects of them.";
    expect(says(() => 1)).toBe(`Cannot send argument 1 of job resize: it is a function. ${instead}`);
    expect(says({ a: [0, { done() {} }] })).toBe(
      `Cannot send argument 1 of job resize: it has at a[1].done the function done. ${instead}`,
    );
    expect(says([new Map([["k", { s: Symbol("x") }]])])).toBe(
      `Cannot send argument 1 of job resize: it has at [0].get(k).s a symbol. ${instead}`,
    );
    expect(says({ list: [new Proxy({}, {})] })).toBe(
      `Cannot send argument 1 of job resize: it has at list[0] a Proxy. ${instead}`,
    );
  });
  test("a getter that throws is told of as that", () => {
    const cause = new Error("the getter broke");
    const value = {
      get broken(): never {
        throw cause;
      },
    };
    expect(() => checkPayload(value, "it")).toThrow(
      expect.objectContaining({
        name: "PayloadError",
        message: "Cannot send it: reading it failed: the getter broke",
        cause,
      }),
    );
  });
  test("too deep data is refused before the stack is full", () => {
    let value: unknown = 1;
    for (let n = 0; n < 100_000; n++) value = [value];
    expect(() => checkPayload(value, "it")).toThrow(/it is nested more than 1000 deep/);
  });
});
