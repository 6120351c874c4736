import { afterEach, describe, expect, test, vi } from "vitest";
import {
  createTask,
  EventLoop,
  moveOnAfter,
  run,
  runningLoop,
  sleep,
  sleepForever,
  toAsync,
  until,
  type Awaitable,
} from "../index.ts";
import type { Report } from "../lowlevel.ts";
import { runVirtual, VirtualClock } from "../testing/index.ts";

/** Has a cleanup abandoned, and then ends. */
function* untidy(name: string): Awaitable<void> {
  createTask(
    function* () {
      try {
        yield* sleepForever();
      } finally {
        yield* sleepForever();
      }
    },
    { name },
  );
  yield;
  yield;
}
const untidyRun = (name: string) => () => untidy(name);
const abandoned = (name: string) =>
  `cleanup-abandoned: The cleanup of ${name} exceeded its bound and was abandoned while it waited for sleep for ever.`;

/** A listener, and what it has heard. */
function listener() {
  const heard: string[] = [];
  const onReport = ({ kind, message }: Report): void =>
    void heard.push(`${kind}: ${message.replace(/#\d+/g, "")}`);
  return { heard, onReport };
}

afterEach(() => {
  vi.restoreAllMocks();
});

describe("onReport", () => {
  test("of a run hears what is reported of it, and nothing is printed", async () => {
    const warn = vi.spyOn(console, "warn").mockReturnValue();
    const { heard, onReport } = listener();
    await run(untidyRun("one"), { shutdownTimeout: 0, onReport });
    await toAsync(untidyRun("two")).with({ shutdownTimeout: 0, onReport })();
    expect(heard).toEqual([abandoned("one"), abandoned("two")]);
    expect(warn).not.toHaveBeenCalled();
    await run(untidyRun("three"), { shutdownTimeout: 0 });
    expect(warn).toHaveBeenCalledOnce();
  });

  test.each([new Error("broken"), "broken", ""])("prints what was thrown once: %o", async (thrown) => {
    const warn = vi.spyOn(console, "warn").mockReturnValue();
    const monitor = {
      step() {
        throw thrown;
      },
    };
    await EventLoop.run(() => sleep(0), { monitor });
    expect(warn.mock.calls).toEqual([["cede: A monitor threw:", thrown]]);
  });

  test("of runs at once hears of its own only; the loop's hears of the others", async () => {
    const clock = new VirtualClock();
    const whole = listener();
    const [one, two] = [listener(), listener()];
    const loop = new EventLoop({ host: clock, onReport: whole.onReport });
    const ended = [
      loop.runUntilComplete(untidyRun("one"), { shutdownTimeout: 0, onReport: one.onReport }),
      loop.runUntilComplete(untidyRun("two"), { shutdownTimeout: 5, onReport: two.onReport }),
      loop.runUntilComplete(untidyRun("three"), { shutdownTimeout: 0 }),
    ];
    clock.runAll();
    await Promise.all(ended);
    expect(one.heard).toEqual([abandoned("one")]);
    expect(two.heard).toHaveLength(1);
    expect(two.heard[0]).toContain("The cleanup of two exceeded its bound");
    expect(whole.heard).toEqual([abandoned("three")]);
  });

  test("of a run hears of its tasks that have ended, whatever else runs", async () => {
    const clock = new VirtualClock();
    const whole = listener();
    const [one, two] = [listener(), listener()];
    const loop = new EventLoop({ host: clock, onReport: whole.onReport });
    let reject!: (error: Error) => void;
    const late = new Promise((_, no) => (reject = no));
    const ended = [
      loop.runUntilComplete(
        function* () {
          yield* createTask(() => moveOnAfter(5, () => until(late)));
          yield* sleep(5);
        },
        { onReport: one.onReport },
      ),
      loop.runUntilComplete(() => sleep(10), { onReport: two.onReport }),
    ];
    clock.advance(6);
    reject(new Error("late"));
    await Promise.resolve();
    clock.runAll();
    await Promise.all(ended);
    expect(one.heard).toEqual([expect.stringMatching(/^late-error: .* late$/)]);
    expect([...two.heard, ...whole.heard]).toEqual([]);
  });

  test("of a run hears of errors that are nobody's and gave way, whatever else runs", async () => {
    const clock = new VirtualClock();
    const [one, two] = [listener(), listener()];
    const loop = new EventLoop({ host: clock });
    const fail = (text: string) => () => {
      throw new Error(text);
    };
    const ended = [
      loop.runUntilComplete(
        function* () {
          runningLoop().callLater(5, fail("first"));
          runningLoop().callLater(5, fail("later"));
          yield* sleep(10);
        },
        { onReport: one.onReport },
      ),
      loop.runUntilComplete(() => sleep(10), { onReport: two.onReport }),
    ];
    const settled = Promise.allSettled(ended);
    clock.runAll();
    expect(await settled).toMatchObject([{ reason: new Error("first") }, { status: "fulfilled" }]);
    expect(one.heard).toEqual(["suppressed-error: An error gave way to an earlier one: Error: later"]);
    expect(two.heard).toEqual([]);
  });

  test("of the only run hears what belongs to no task that is left", async () => {
    const { heard, onReport } = listener();
    await runVirtual(
      function* () {
        const { promise: late, reject } = Promise.withResolvers<void>();
        const task = createTask(() => until(late));
        yield;
        yield* task.cancel();
        reject(new Error("late"));
        yield* until(late.catch(() => {}));
      },
      { onReport },
    );
    expect(heard).toEqual([expect.stringMatching(/^late-error: .* late$/)]);
  });

  test("that throws fails its run, and hears nothing more", async () => {
    const clock = new VirtualClock();
    const whole = listener();
    const loop = new EventLoop({ host: clock, onReport: whole.onReport });
    let calls = 0;
    const ended = loop.runUntilComplete(
      function* () {
        yield* untidy("one");
        yield* untidy("two");
      },
      {
        shutdownTimeout: 0,
        onReport: () => {
          calls++;
          throw new Error("a listener's");
        },
      },
    );
    const settled = Promise.allSettled([ended]);
    clock.runAll();
    expect(await settled).toMatchObject([{ status: "rejected", reason: { message: "a listener's" } }]);
    expect(calls).toBe(1);
    expect(whole.heard).toEqual([abandoned("two")]);
  });

  test("of a run hears nothing any more when it has ended", async () => {
    const clock = new VirtualClock();
    const { heard, onReport } = listener();
    const whole = listener();
    const loop = new EventLoop({ host: clock, onReport: whole.onReport });
    const ended = loop.runUntilComplete(() => sleep(1), { onReport });
    clock.runAll();
    await ended;
    const next = loop.runUntilComplete(
      function* () {
        yield* untidy("next");
        expect(runningLoop()).toBe(loop);
      },
      { shutdownTimeout: 0 },
    );
    clock.runAll();
    await next;
    expect(heard).toEqual([]);
    expect(whole.heard).toEqual([abandoned("next")]);
  });
});
