/** What a job gives: something to await, or data, which may be iterable as well. */
import { describe, expect, test } from "vitest";
import {
  all,
  call,
  cede,
  Channel,
  coroutine,
  createTask,
  Event,
  Future,
  Lock,
  race,
  resource,
  retry,
  select,
  Semaphore,
  sleep,
  taskGroup,
  timeout,
  until,
  use,
  type Awaitable,
} from "../index.ts";
import { checkpoint, isAwaitable, park } from "../lowlevel.ts";
import { runVirtual } from "../testing/index.ts";
import { inline, PayloadError } from "./index.ts";

const slow = coroutine(function* slow(): Awaitable<string> {
  yield* sleep(1);
  return "awaited";
});
function* plain(): Awaitable<string> {
  return yield* slow();
}
const full = (): Channel<string> => {
  const channel = new Channel<string>(1);
  channel.trySend("awaited");
  return channel;
};

/** Each gives "awaited". */
const awaitables = {
  coroutine: () => slow(),
  "plain generator": () => plain(),
  task: () => createTask(slow),
  future: () => {
    const future = new Future<string>();
    future.setResult("awaited");
    return future;
  },
  timeout: () => timeout(100, slow),
  retry: () => retry(slow),
  race: () => race([slow()]),
  group: () => taskGroup(slow),
  until: () => until(Promise.resolve("awaited")),
  call: () => call(async () => "awaited"),
  park: () => park<string>({ label: "nothing" }, (wait) => void wait.complete("awaited")),
  receive: () => full().receive(),
  "use of a resource": () =>
    use(
      resource(function* (provide) {
        yield* provide("awaited");
      }),
    ),
  "object written out": () => ({
    *[Symbol.iterator]() {
      return yield* slow();
    },
  }),
};
class Bag {
  readonly items = [1, 2];
  *[Symbol.iterator](): Generator<number> {
    yield* this.items;
  }
}

describe("what a job gives is awaited", () => {
  test.each(Object.keys(awaitables))("where it is a %s", (name) =>
    runVirtual(function* () {
      const jobs = yield* inline(awaitables as Record<string, () => Awaitable<string>>);
      expect(yield* jobs[name]!()).toBe("awaited");
    }),
  );
  test("whatever of the library's it is", () =>
    runVirtual(function* () {
      const channel = new Channel<number>(1);
      const started = all([sleep(1)]);
      const waits = { sleep: sleep(1), cede: cede(), checkpoint, all: started, lock: new Lock().acquire() };
      const queues = { send: channel.send(1), receive: channel.receiveOrEnd(), event: new Event().wait() };
      const rest = { select: select({ a: channel.receive() }), permit: new Semaphore(1).acquire() };
      const given = Object.entries({ ...waits, ...queues, ...rest });
      expect(given.filter(([, wait]) => !isAwaitable(wait)).map(([name]) => name)).toEqual([]);
      yield* started;
    }));
});

describe("what a job gives is data", () => {
  test("where it can be iterated over, and is nothing of the library's", () =>
    runVirtual(function* () {
      const jobs = yield* inline({
        bag: () => new Bag(),
        later: async () => new Bag(),
        map: () => new Map([["a", 1]]),
        set: () => new Set([1]),
        list: () => [1, 2],
        bytes: () => new Uint8Array([1]),
      });
      expect(yield* jobs.bag()).toEqual({ items: [1, 2] });
      expect(yield* jobs.later()).toEqual({ items: [1, 2] });
      expect(yield* jobs.map()).toEqual(new Map([["a", 1]]));
      expect(yield* jobs.set()).toEqual(new Set([1]));
      expect(yield* jobs.list()).toEqual([1, 2]);
      expect(yield* jobs.bytes()).toEqual(new Uint8Array([1]));
    }));
  test("which may be none that can be sent: it says what it is", () =>
    runVirtual(function* () {
      const jobs = yield* inline({
        headers: () => new Headers({ a: "b" }),
        async *pages() {
          yield 1;
        },
      });
      const messages: string[] = [];
      for (const give of [jobs.headers, jobs.pages]) {
        try {
          yield* give();
        } catch (error) {
          expect(error).toBeInstanceOf(PayloadError);
          messages.push((error as Error).message);
        }
      }
      expect(messages).toEqual([
        expect.stringMatching(/^Cannot send the result of job headers: it is a Headers\. /),
        expect.stringMatching(/^Cannot send the result of job pages: it is an AsyncGenerator\. /),
      ]);
    }));
});
