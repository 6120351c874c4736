import { EventEmitter } from "node:events";
import { Readable } from "node:stream";
import { expectTypeOf, test } from "vitest";
import { Channel, coroutine, sleep, type Awaitable } from "../index.ts";
import {
  iterate,
  merge,
  on,
  once,
  stream,
  toAsyncIterable,
  toReadableStream,
  zip,
  type Items,
  type Stream,
} from "./index.ts";

const numbers = stream([1, 2]);
const load = coroutine(function* load(n: number): Awaitable<string> {
  yield* sleep(n);
  return "";
});

test("the items of each kind of source", () => {
  expectTypeOf(numbers).toEqualTypeOf<Stream<number>>();
  expectTypeOf(stream("ab")).toEqualTypeOf<Stream<string>>();
  expectTypeOf(stream(new Set([true]))).toEqualTypeOf<Stream<boolean>>();
  expectTypeOf(stream(new Channel<Date>(1))).toEqualTypeOf<Stream<Date>>();
  expectTypeOf(stream(new ReadableStream<Uint8Array>())).toEqualTypeOf<Stream<Uint8Array>>();
  expectTypeOf(
    stream(async function* () {
      yield Number(1);
    }),
  ).toEqualTypeOf<Stream<number>>();
  expectTypeOf(stream(() => numbers)).toEqualTypeOf<Stream<number>>();
  expectTypeOf(iterate(numbers)).toEqualTypeOf<Awaitable<Items<number>>>();
  expectTypeOf(stream(Readable.from([]))).toExtend<Stream<unknown>>();
});

test("what functions give is the item; what they give to await is awaited", () => {
  expectTypeOf(numbers.map((n) => `${n}`)).toEqualTypeOf<Stream<string>>();
  expectTypeOf(numbers.map(load)).toEqualTypeOf<Stream<string>>();
  expectTypeOf(numbers.map((n) => load(n), { concurrency: 2 })).toEqualTypeOf<Stream<string>>();
  expectTypeOf(
    numbers.map(function* (n) {
      yield* sleep(n);
      return n > 1;
    }),
  ).toEqualTypeOf<Stream<boolean>>();
  expectTypeOf(numbers.map((n) => [n])).toEqualTypeOf<Stream<number[]>>();
  expectTypeOf(numbers.map(() => undefined)).toEqualTypeOf<Stream<undefined>>();
  expectTypeOf(numbers.scan((sum, n) => sum + n, 0)).toEqualTypeOf<Stream<number>>();
  expectTypeOf(numbers.chunk(2)).toEqualTypeOf<Stream<number[]>>();
  expectTypeOf(stream(["a", 1]).filter((item) => typeof item === "string")).toEqualTypeOf<Stream<string>>();
  expectTypeOf(numbers.filter((n) => n > 1)).toEqualTypeOf<Stream<number>>();
});

test("several sources", () => {
  expectTypeOf(merge(numbers, ["a"])).toEqualTypeOf<Stream<number | string>>();
  expectTypeOf(zip(numbers, new Set(["a"]))).toEqualTypeOf<Stream<[number, string]>>();
});

test("the ends", () => {
  expectTypeOf(numbers.collect()).toExtend<Awaitable<number[]>>();
  expectTypeOf(numbers.first()).toExtend<Awaitable<number | undefined>>();
  expectTypeOf(numbers.reduce((text, n) => text + n, "")).toExtend<Awaitable<string>>();
  expectTypeOf(toAsyncIterable(numbers)).toEqualTypeOf<AsyncIterable<number>>();
  expectTypeOf(toReadableStream(numbers)).toEqualTypeOf<ReadableStream<number>>();
});

test("events", () => {
  const emitter = new EventEmitter<{ data: [string] }>();
  expectTypeOf(once(emitter, "data")).toEqualTypeOf<Awaitable<unknown[]>>();
  expectTypeOf(once<[string]>(emitter, "data")).toEqualTypeOf<Awaitable<[string]>>();
  expectTypeOf(once(new EventTarget(), "done")).toEqualTypeOf<Awaitable<Event>>();
  expectTypeOf(on<[string]>(emitter, "data")).toEqualTypeOf<Stream<[string]>>();
  expectTypeOf(on<MessageEvent>(new EventTarget(), "message")).toEqualTypeOf<Stream<MessageEvent>>();
});
