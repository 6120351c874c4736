/** What becomes of what is too large for the queue: whoever gave it is told, and nothing else ends. */
import { describe, expect, it } from "vitest";
import { Channel, createTask, EventLoop, sleep, type Awaitable, type Sender } from "cede";
import { cluster, currentJob, PayloadError, serveCluster, type Jobs } from "cede/executors";
import { thrown } from "../support/failure.ts";
import { withoutRedis } from "../support/redis-server.ts";
import { ownRedis } from "./own-redis.ts";

const LARGE = "x".repeat(2000);

const module = {
  *tellTwice(second: number): Awaitable<string> {
    currentJob()!.progress("first");
    let heard = "nothing";
    try {
      currentJob()!.progress("x".repeat(second));
    } catch (error) {
      heard = String(error);
    }
    yield* sleep(20);
    return heard;
  },
  *fail(kind: "message" | "field" | "thrown", length: number): Awaitable<never> {
    if (kind === "thrown") throw "x".repeat(length);
    const error = new RangeError(`the disk is full${kind === "message" ? "x".repeat(length) : ""}`);
    throw kind === "field" ? Object.assign(error, { dump: "x".repeat(length) }) : error;
  },
  *send(length: number, sender: Sender<string>): Awaitable<string> {
    yield* sender.send("x".repeat(length));
    return "sent";
  },
  *give(length: number): Awaitable<string> {
    return "x".repeat(length);
  },
};

describe.skipIf(withoutRedis())("too large for a queue", { timeout: 20_000 }, () => {
  const own = ownRedis();

  const withJobs = (body: (jobs: Jobs<typeof module>) => Awaitable<void>, maxPayload = 1000): Promise<void> =>
    EventLoop.run(function* () {
      const options = { ...own.where, maxPayload };
      createTask(() => serveCluster(module, options));
      yield* body(yield* cluster<typeof module>(options));
    });

  it("is told to a job whose progress is, also where that is held back", async () => {
    await withJobs(function* (jobs) {
      expect(yield* jobs.tellTwice(LARGE.length)).toMatch(
        /^PayloadError: Cannot send the progress of job tellTwice: it is larger than 1000 bytes/,
      );
      expect(yield* jobs.tellTwice(10)).toBe("nothing");
    });
  });

  it("is an item of a job, by the limit that both were told, and the job hears it", async () => {
    for (const [maxPayload, length] of [
      [1000, 2000],
      [1_000_000, 1_100_000],
    ] as const) {
      await withJobs(function* (jobs) {
        const channel = new Channel<string>(1);
        const error = yield* thrown(() => jobs.send(length, channel.sender()));
        expect(error).toBeInstanceOf(PayloadError);
        expect(error.message).toMatch(/^Cannot send what job send sends: it is larger than/);
      }, maxPayload);
    }
    await withJobs(function* (jobs) {
      const channel = new Channel<string>(1);
      expect(yield* jobs.send(1_100_000, channel.sender())).toBe("sent");
      expect(yield* channel.receive()).toHaveLength(1_100_000);
    }, 3_000_000);
  });

  // S12: errors are never lost.
  for (const maxPayload of [1000, 1_000_000]) {
    it(`is what a job threw, of which its caller hears the start, with a limit of ${maxPayload}`, async () => {
      await withJobs(function* (jobs) {
        for (const kind of ["message", "field"] as const) {
          const error = yield* thrown(() => jobs.fail(kind, 2 * maxPayload));
          expect(error).toBeInstanceOf(RangeError);
          expect(error.message).toMatch(
            /^the disk is fullx* … \(what else it carried was too large to send\)$/,
          );
          expect(error.stack).toMatch(/^RangeError: the disk is full[^]*at job fail \(/);
        }
        const error = yield* thrown(() => jobs.fail("thrown", 2 * maxPayload));
        expect(error).toBeInstanceOf(PayloadError);
        expect(error.message).toMatch(/^Cannot send the error of job fail: it is larger than/);
      }, maxPayload);
    });
    it(`is what a job gave, of which its caller hears that, with a limit of ${maxPayload}`, async () => {
      await withJobs(function* (jobs) {
        const error = yield* thrown(() => jobs.give(2 * maxPayload));
        expect(error).toBeInstanceOf(PayloadError);
        expect(error.message).toMatch(/^Cannot send the result of job give: it is larger than/);
        expect(yield* jobs.give(10)).toHaveLength(10);
      }, maxPayload);
    });
  }
});
