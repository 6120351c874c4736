import { describe, expect, test } from "vitest";
import {
  CancelledError,
  coroutine,
  createTask,
  DeadlockError,
  sleep,
  sleepForever,
  taskGroup,
  type Awaitable,
  type TaskGroup,
} from "../index.ts";
import { runVirtual, transcript } from "../testing/index.ts";
import { closesWhereverCancelled } from "../../tests/support/held.ts";

type Log = (line: string) => void;

/** Waits for ever, and cleans up for `ms` milliseconds. */
const tidy = coroutine(function* tidy(log: Log, ms: number, name: string = "background"): Awaitable<never> {
  try {
    return yield* sleepForever();
  } finally {
    yield* sleep(ms);
    log(`${name} cleaned up`);
  }
});
const background = { background: true };

async function lines(body: (group: TaskGroup, log: Log) => Awaitable<unknown>): Promise<readonly string[]> {
  const log = transcript({ tasks: false });
  await runVirtual(function* () {
    try {
      log(`gives ${String(yield* taskGroup((group) => body(group, log)))}`);
    } catch (error) {
      log(String(error));
    }
  });
  return log.lines;
}

describe("S10: a task in the background", () => {
  test("is cancelled when the body and the other tasks have ended, and its cleanup is awaited", async () => {
    const program = lines(function* (group, log) {
      group.createTask(tidy(log, 5), background);
      group.createTask(() => sleep(20));
      yield* sleep(10);
      log("the body ends");
      return "value";
    });
    expect(await program).toEqual(["10 the body ends", "25 background cleaned up", "25 gives value"]);
  });

  test("alone is cancelled when the body ends: before its first step, if it has had none", async () => {
    const program = lines(function* (group, log) {
      group.createTask(function* () {
        log("wrong");
      }, background);
      return "value";
    });
    expect(await program).toEqual(["0 gives value"]);
  });

  test("that has ended before is no matter", async () => {
    const program = lines(function* (group) {
      group.createTask(() => sleep(1), background);
      group.createTask(() => sleep(5));
    });
    expect(await program).toEqual(["5 gives undefined"]);
  });

  test("that ends last, in the turn of the last other one, is not cancelled", async () => {
    const ends: string[] = [];
    await runVirtual(() =>
      taskGroup(function* (group) {
        for (const options of [{}, background]) {
          group.createTask(() => sleep(5), options).addDoneCallback((task) => ends.push(`${task.cancelled}`));
        }
      }),
    );
    expect(ends).toEqual(["false", "false"]); // its wait was complete
  });

  test("says why it was cancelled, to whoever awaits it elsewhere", async () => {
    let error: unknown;
    await runVirtual(function* () {
      let kept!: Awaitable<unknown>;
      const elsewhere = createTask(function* () {
        yield;
        try {
          yield* kept;
        } catch (caught) {
          error = caught;
        }
      });
      yield* taskGroup(function* (group) {
        kept = group.createTask(sleepForever(), { background: true, name: "beat" });
        yield* sleep(1);
      });
      yield* elsewhere;
    });
    expect(error).toBeInstanceOf(CancelledError);
    expect(String(error)).toMatch(
      /^CancelledError: task beat#\d+ was cancelled by main#\d+: it ran in the background, and the others of its group have ended$/,
    );
  });

  test("S11: that fails, fails the group; also when it does so in its cleanup", async () => {
    const failing = lines(function* (group, log) {
      group.createTask(function* () {
        yield* sleep(5);
        throw new Error("failed");
      }, background);
      yield* tidy(log, 1, "body");
    });
    expect(await failing).toEqual(["6 body cleaned up", "6 Error: failed"]);
    const inCleanup = lines(function* (group) {
      group.createTask(function* () {
        try {
          yield* sleepForever();
        } finally {
          throw new Error("cleanup");
        }
      }, background);
      yield* sleep(1);
    });
    expect(await inCleanup).toEqual(["1 Error: cleanup"]);
  });

  test("is cancelled with the group, at once", async () => {
    const program = lines(function* (group, log) {
      group.createTask(tidy(log, 1), background);
      group.createTask(tidy(log, 5, "other"));
      yield* sleep(10);
      group.cancel();
      return "value";
    });
    expect(await program).toEqual(["11 background cleaned up", "15 other cleaned up", "15 gives value"]);
  });

  test("may still create others while it is cleaned up: those run, and those in the background do not", async () => {
    const program = lines(function* (group, log) {
      group.createTask(function* () {
        try {
          yield* sleepForever();
        } finally {
          group.createTask(function* () {
            yield* sleep(10);
            log("the late one ends");
          });
          group.createTask(function* () {
            log("wrong");
          }, background);
        }
      }, background);
      yield* sleep(1);
    });
    expect(await program).toEqual(["11 the late one ends", "11 gives undefined"]);
  });

  test("a thousand of them, with one that counts", async () => {
    const program = lines(function* (group, log) {
      for (let i = 0; i < 1000; i++) group.createTask(tidy(i === 999 ? log : () => {}, 1), background);
      group.createTask(() => sleep(5));
      yield;
    });
    expect(await program).toEqual(["6 background cleaned up", "6 gives undefined"]);
  });

  test("S23: that awaits whoever opened the group is no circle: it is cancelled before", async () => {
    await runVirtual(function* () {
      const opener: Awaitable<string> = createTask(function* (): Awaitable<string> {
        yield;
        return yield* taskGroup(function* (group) {
          group.createTask(opener, background);
          group.createTask(() => sleep(5));
          return "value";
        });
      });
      expect(yield* opener).toBe("value");
    });
  });

  test("S23: others in a circle are told all the same", async () => {
    await runVirtual(function* () {
      const opener: Awaitable<unknown> = createTask(function* (): Awaitable<unknown> {
        yield;
        return yield* taskGroup(function* (group) {
          group.createTask(opener);
          yield;
        });
      });
      try {
        yield* opener;
        throw new Error("wrong");
      } catch (error) {
        expect(error).toBeInstanceOf(DeadlockError);
      }
    });
  });

  test("ends wherever the program is cancelled", async () => {
    await closesWhereverCancelled((held) =>
      taskGroup(function* (group) {
        group.createTask(held(100), background);
        group.createTask(held(2));
        yield* taskGroup(function* (inner) {
          inner.createTask(held(100), background);
          yield* held(1);
        });
      }),
    );
  });
});
