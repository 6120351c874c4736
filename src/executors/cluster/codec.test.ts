import { isDeepStrictEqual } from "node:util";
import { describe, expect, it } from "vitest";
import { PayloadError } from "../errors.ts";
import { decode, encode, type Plain } from "./codec.ts";
import fc from "../../../tests/support/fast-check.ts";

const there = (value: unknown): unknown =>
  decode(JSON.parse(JSON.stringify(encode(value, "it"))) as Plain, "it");

const NESTED = `${"[".repeat(1500)}${"]".repeat(1500)}`;

const data = fc.anything({
  key: fc.oneof(fc.string(), fc.constantFrom("$", "__proto__", "then", "toString", "constructor")),
  withBigInt: true,
  withBoxedValues: true,
  withDate: true,
  withMap: true,
  withSet: true,
  withTypedArray: true,
  withSparseArray: true,
  stringUnit: "binary",
  withNullPrototype: false,
  maxDepth: 4,
});

describe("the codec", () => {
  it("gives what structuredClone gives, for whatever data", () => {
    fc.assert(
      fc.property(data, (value) => {
        let cloned: unknown;
        try {
          cloned = structuredClone(value);
        } catch {
          return; // an Object(1n), say: no data
        }
        let came: unknown;
        try {
          came = there(value);
        } catch (error) {
          expect(error).toBeInstanceOf(PayloadError);
          expect((error as Error).message).toMatch(/BigInt object|Float16Array|larger than/);
          return;
        }
        fc.pre(isDeepStrictEqual(structuredClone(cloned), cloned)); // on Node 22, two dates that are none are not equal
        expect(isDeepStrictEqual(came, cloned)).toBe(true);
      }),
      { numRuns: 1000 },
    );
  });

  it("keeps what JSON has no word for", () => {
    const value = {
      nothing: undefined,
      numbers: [NaN, Infinity, -Infinity, -0, 1e21],
      big: [0n, -12345678901234567890n],
      when: [new Date(0), new Date(NaN)],
      pattern: /a+b/giu,
      map: new Map<unknown, unknown>([[{ key: 1 }, new Set([1, undefined])]]),
      bytes: [
        new Uint8Array([1, 2, 255]),
        new Float64Array([0.5]),
        new ArrayBuffer(3),
        new DataView(new ArrayBuffer(2)),
      ],
      $: "a key of its own",
      holes: [1, , 3], // oxlint-disable-line no-sparse-arrays
    };
    expect(there(value)).toStrictEqual(structuredClone(value));
    expect(Object.is((there(-0) as number) ?? 1, -0)).toBe(true);
    expect(1 in (there(value.holes) as unknown[])).toBe(false);
  });

  it("keeps circles, and what is there twice is one", () => {
    const circle: { self?: unknown; twice?: unknown[] } = {};
    circle.self = circle;
    const one = { a: 1 };
    circle.twice = [one, one, new Map([[one, circle]])];
    const came = there(circle) as typeof circle;
    expect(came.self).toBe(came);
    expect(came.twice![0]).toBe(came.twice![1]);
    expect((came.twice![2] as Map<unknown, unknown>).get(came.twice![0])).toBe(came);
  });

  it("sends the bytes that a view shows, and not those beside it", () => {
    const all = new Uint8Array([1, 2, 3, 4, 5, 6, 7, 8]);
    const came = there(all.subarray(2, 4)) as Uint8Array;
    expect([...came]).toEqual([3, 4]);
    expect(came.buffer.byteLength).toBe(2);
    expect(there(Buffer.from("hi"))).toStrictEqual(new Uint8Array([104, 105]));
  });

  it("keeps an own __proto__ as data, and changes no prototype", () => {
    const came = there(JSON.parse('{"__proto__": {"admin": true}, "a": 1}')) as Record<string, unknown>;
    expect(Object.getPrototypeOf(came)).toBe(Object.prototype);
    expect(came["admin"]).toBeUndefined();
    expect(Object.hasOwn(came, "__proto__")).toBe(true);
    const raw = decode(JSON.parse('{"__proto__": {"admin": true}}'), "it") as Record<string, unknown>;
    expect(raw["admin"]).toBeUndefined();
    expect(({} as Record<string, unknown>)["admin"]).toBeUndefined();
  });

  it("keeps an error with its class, stack and cause", () => {
    const error = new RangeError("too far", { cause: new Error("why") });
    const came = there({ error }) as { error: RangeError };
    expect(came.error).toBeInstanceOf(RangeError);
    expect(came.error.stack).toBe(error.stack);
    expect((came.error.cause as Error).message).toBe("why");
  });

  it.for([
    ["a function", () => () => 1, /a function/],
    ["a symbol", () => Symbol("s"), /a symbol/],
    ["a promise", () => Promise.resolve(1), /a Promise/],
    ["shared memory", () => new SharedArrayBuffer(8), /a SharedArrayBuffer/],
    ["what is too large", () => "x".repeat(1_000_001), /larger than 1000000 bytes/],
    ["bytes that are too many", () => new Uint8Array(800_000), /larger than/],
    ["an array of holes", () => Object.assign([], { length: 4_000_000_000 }), /larger than/],
    ["what is too deep", () => nested(1500), /nested more than 1000 deep/],
  ] as const)("refuses %s", ([, make, message]) => {
    expect(() => encode([make()], "the arguments of job resize")).toThrow(PayloadError);
    expect(() => encode([make()], "the arguments of job resize")).toThrow(message);
  });

  it.for([
    ['{"$":"?"}'],
    ['{"$":"n","v":"1"}'],
    ['{"$":"b","v":"0x10"}'],
    ['{"$":"b","v":12}'],
    ['{"$":"r","v":7}'],
    ['{"$":"r","v":"__proto__"}'],
    ['{"$":"d","v":"yesterday"}'],
    ['{"$":"x","v":"(","f":""}'],
    ['{"$":"x","v":"a","f":"zz"}'],
    ['{"$":"t","k":"Function","v":""}'],
    ['{"$":"t","k":"Float64Array","v":"AAA="}'],
    ['{"$":"a","v":5}'],
    ['{"$":"m","v":[[1]]}'],
    ['{"$":"o","v":{"length":1}}'],
    ['{"$":"o","v":[[1,2]]}'],
    ['{"$":"s","v":"abc"}'],
    ['{"$":"w","v":{}}'],
    ['{"$":"e","n":1}'],
    [NESTED],
  ])("refuses to read what it has not written: %#", ([text]) => {
    expect(() => decode(JSON.parse(text!), "a result")).toThrow(PayloadError);
    expect(() => decode(JSON.parse(text!), "a result")).toThrow(/^Cannot read a result: /);
  });

  it("refuses to read what is larger than anything that it would have written", () => {
    expect(() => decode("x".repeat(3_000_000), "a result")).toThrow(PayloadError);
  });

  it("reads whatever JSON there is, or refuses it: it never fails in another way", () => {
    fc.assert(
      fc.property(
        fc.json({ stringUnit: fc.constantFrom("$", "v", "o", "m", "n", "r", "t", "k", "e", "0", "-") }),
        (text) => {
          try {
            decode(JSON.parse(text), "it");
          } catch (error) {
            expect(error).toBeInstanceOf(PayloadError);
          }
        },
      ),
      { numRuns: 2000 },
    );
  });
});

function nested(depth: number): unknown {
  let value: unknown = 1;
  for (let i = 0; i < depth; i++) value = [value];
  return value;
}
