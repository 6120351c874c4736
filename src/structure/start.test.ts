import { describe, expect, test } from "vitest";
import { runningLoop, sleep, sleepForever, supervise, type Awaitable, type Ready } from "../index.ts";
import { runVirtual } from "../testing/index.ts";
import { later, lines, server } from "../../tests/support/servers.ts";
import { caught } from "../../tests/support/small.ts";

describe("group.start()", () => {
  test("waits until the task says that it is ready, and gives what it says; the task goes on", async () => {
    const program = lines(function* (group, log) {
      log(yield* group.start((ready: Ready<string>) => server(log, ready, 10, 5)));
      return "value";
    });
    expect(await program).toEqual(["10 port 80", "17 the server cleaned up", "17 gives value"]);
  });

  test.each<[string, (ready: Ready<number>) => Awaitable<void>]>([
    ["an arrow", (ready) => later(5, () => ready(1))],
    [
      "a generator function",
      function* (ready) {
        yield* sleep(5);
        ready(1);
      },
    ],
    [
      "a method",
      {
        *serve(ready: Ready<number>): Awaitable<void> {
          yield* sleep(5);
          ready(1);
        },
      }.serve,
    ],
  ])("starts %s", async (_, fn) => {
    expect(
      await lines(function* (group) {
        return yield* group.start(fn);
      }),
    ).toEqual(["5 gives 1"]);
  });

  test("goes on in the turn after a task that is ready at once, or whose callback is", async () => {
    const program = lines(function* (group, log) {
      yield* group.start(function* (ready) {
        ready();
        log("ready");
      });
      log("started");
      yield* group.start(function* (ready) {
        runningLoop().callLater(5, () => ready());
        yield* sleep(10);
      });
      log("called back");
    });
    expect(await program).toEqual(["0 ready", "0 started", "5 called back", "10 gives undefined"]);
  });

  test("may run in the background: it serves as long as the others live", async () => {
    const program = lines(function* (group, log) {
      yield* group.start((ready: Ready<string>) => server(log, ready, 10), { background: true });
      group.createTask(() => sleep(20));
    });
    expect(await program).toEqual(["32 the server cleaned up", "32 gives undefined"]);
  });
});

describe("S11: a task that is started and fails", () => {
  test("before it is ready is its starter's: the group goes on if that catches it", async () => {
    const program = lines(function* (group, log) {
      group.createTask(function* () {
        yield* sleep(20);
        log("the sibling ends");
      });
      const error = yield* caught(
        group.start(function* () {
          yield* sleep(5);
          throw new Error("the port is taken");
        }),
      );
      log(String(error));
    });
    expect(await program).toEqual([
      "5 Error: the port is taken",
      "20 the sibling ends",
      "20 gives undefined",
    ]);
  });

  test("before it is ready fails the group, if its starter in there lets it pass", async () => {
    const program = lines(function* (group) {
      group.createTask(sleepForever());
      yield* group.start(function* () {
        throw new Error("the port is taken");
      });
    });
    expect(await program).toEqual(["0 Error: the port is taken"]);
  });

  test("after that fails the group", async () => {
    const program = lines(function* (group) {
      yield* group.start(function* (ready) {
        ready();
        yield* sleep(5);
        throw new Error("crashed");
      });
      yield* sleepForever();
    });
    expect(await program).toEqual(["5 Error: crashed"]);
  });

  test("in the step in which it is ready fails the group, and its starter goes on to its next checkpoint", async () => {
    const program = lines(function* (group, log) {
      yield* group.start(function* (ready) {
        ready();
        throw new Error("crashed");
      });
      log("started");
      yield* sleep(1);
      log("wrong");
    });
    expect(await program).toEqual(["0 started", "0 Error: crashed"]);
  });

  test("in a supervised group is told as any other, once it is ready", async () => {
    const told: unknown[] = [];
    const values = await runVirtual(() =>
      supervise(
        function* (group) {
          const early = yield* caught(
            group.start(function* () {
              throw new Error("early");
            }),
          );
          yield* group.start(function* (ready) {
            ready();
            yield* sleep(5);
            throw new Error("late");
          });
          return String(early);
        },
        { onFailure: (error) => told.push(String(error)) },
      ),
    );
    expect([values, told]).toEqual(["Error: early", ["Error: late"]]);
  });
});
