import { describe, expectTypeOf, test } from "vitest";
import {
  coroutine,
  createTask,
  defer,
  resource,
  sleep,
  taskGroup,
  until,
  use,
  type Awaitable,
  type Resource,
} from "../index.ts";

interface Connection {
  readonly url: string;
}
const connect = coroutine(function* connect(url: string): Awaitable<Connection> {
  yield* sleep(1);
  return { url };
});

describe("resource", () => {
  test("knows what its body provides", () => {
    const connection = (url: string) =>
      resource(function* (provide) {
        const connected = yield* connect(url);
        expectTypeOf(connected).toEqualTypeOf<Connection>();
        yield;
        yield* provide(connected);
        yield* sleep(1);
      });
    expectTypeOf(connection).toEqualTypeOf<(url: string) => Resource<Connection>>();
    expectTypeOf(
      resource(function* (provide) {
        yield* provide<5 | undefined>(5);
      }),
    ).toEqualTypeOf<Resource<5 | undefined>>();
  });

  test("is told where `provide` is passed on", () => {
    expectTypeOf(
      resource<Connection>(function* (provide) {
        yield* taskGroup(function* (group) {
          group.createTask(() => sleep(5));
          yield* provide({ url: "" });
          // @ts-expect-error -- not what was said
          yield* provide(5);
        });
      }),
    ).toEqualTypeOf<Resource<Connection>>();
  });

  test("has a coroutine for a body", () => {
    // @ts-expect-error -- an async function
    resource(async () => {});
    // @ts-expect-error -- yields a number
    resource(function* (provide) {
      yield* provide(1);
      yield 5;
    });
  });
});

describe("use", () => {
  test("gives what a resource provides, and what it is given otherwise", () => {
    coroutine(function* () {
      const connection = yield* use(
        resource(function* (provide) {
          yield* provide(yield* connect(""));
        }),
      );
      expectTypeOf(connection).toEqualTypeOf<Connection>();
      const file = yield* use({ name: "a", [Symbol.dispose]() {} });
      expectTypeOf(file.name).toEqualTypeOf<string>();
      const socket = yield* use({ port: 1, async [Symbol.asyncDispose]() {} });
      expectTypeOf(socket.port).toEqualTypeOf<number>();
      expectTypeOf(yield* use(undefined as Disposable | undefined)).toEqualTypeOf<Disposable | undefined>();
    });
  });

  test("takes nothing that cannot be released", () => {
    // @ts-expect-error -- a number
    use(5);
    // @ts-expect-error -- a coroutine that was not awaited
    use(connect(""));
    // @ts-expect-error -- a promise
    use(Promise.resolve());
  });
});

describe("defer", () => {
  test("takes a function that gives nothing, an awaitable or a promise", () => {
    defer(() => {});
    defer(() => connect(""));
    defer(function* () {
      yield* sleep(1);
    });
    defer(() => createTask(connect("")));
    defer(() => until(Promise.resolve()));
    defer(async () => {});
    // @ts-expect-error -- a coroutine instead of a function
    defer(connect(""));
    // @ts-expect-error -- an iterable that nobody can await
    defer(() => [1]);
    // @ts-expect-error -- yields a number
    defer(function* () {
      yield 5;
    });
  });
});
