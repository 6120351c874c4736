/** What a cluster is to its program while it is being opened, and while nothing is called. */
import { describe, expect, it } from "vitest";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createTask, EventLoop, moveOnAfter, sleep, sleepForever, type Awaitable } from "cede";
import { cluster, Executor, serveCluster } from "cede/executors";
import { withoutRedis } from "../support/redis-server.ts";
import * as module from "./jobs.ts";
import { ownRedis } from "./own-redis.ts";

type Module = typeof module;

const root = join(import.meta.dirname, "../..");

describe.skipIf(withoutRedis())("a program with a cluster", { timeout: 40_000 }, () => {
  const own = ownRedis();

  /** Runs a program, and gives what it has said when it ended by itself. */
  const said = async (program: string): Promise<string> => {
    const child = spawn(
      process.execPath,
      [
        "--conditions=@cede/source",
        "--input-type=module",
        "--eval",
        program.replaceAll("WHERE", JSON.stringify(own.where)),
      ],
      { cwd: root, stdio: ["ignore", "pipe", "pipe"], timeout: 30_000, killSignal: "SIGKILL" },
    );
    let output = "";
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding("utf8").on("data", (text: string) => (output += text));
    const [code, signal] = (await once(child, "close")) as [number | null, string | null];
    return `${output}\nended: ${signal ?? code}`;
  };

  it.for<[what: string, open: () => Awaitable<unknown>]>([
    ["a cluster", () => cluster(own.where)],
    ["a worker", () => serveCluster(module, own.where)],
  ])("hears of no error of %s that it gave up while that was being opened", async ([, open]) => {
    const reports: unknown[] = [];
    for (let ms = 0; ms < 12; ms++) {
      await EventLoop.run(
        function* () {
          yield* moveOnAfter(ms / 2, function* () {
            yield* open();
            yield* sleepForever();
          });
          yield* sleep(30);
        },
        { onReport: (report) => void (report.kind === "late-result" || reports.push(report)) },
      );
    }
    expect(reports).toEqual([]);
  });

  it("is told that all its tasks wait for each other while nothing is called, also after a call", async () => {
    const output = await said(`
      import { Channel, createTask, run } from "cede";
      import { cluster, ClusterQueue, serveCluster } from "cede/executors";
      await run(function* () {
        const jobs = yield* cluster(WHERE);
        yield* ClusterQueue.of(jobs).counts();
        const server = createTask(() => serveCluster({ one: () => 1 }, WHERE));
        console.log("one:", yield* jobs.one());
        yield* server.cancel();
        yield* new Channel(0).receive();
      });`);
    expect(output).toMatch(/^one: 1$/m);
    expect(output).toMatch(/DeadlockError: Cannot go on: [^]*main#1 waits for an item of the channel/);
    expect(output).toMatch(/\nended: 1$/);
  });

  it("goes on while a call waits, whatever else it does", async () => {
    await own.start(1, ["--threads", "1"]);
    const output = await said(`
      import { run } from "cede";
      import { cluster } from "cede/executors";
      await run(function* () {
        const jobs = yield* cluster(WHERE);
        console.log(yield* jobs.nap(700, ${JSON.stringify(own.file)}));
        console.log("after it");
      });`);
    expect(output).toMatch(/^after it$/m);
    expect(output).toMatch(/\nended: 0$/);
  });

  it("knows of a worker that has run a job, before it counts them again", async () => {
    await EventLoop.run(function* () {
      const jobs = yield* cluster<Module>({ ...own.where, pollInterval: 3_600_000 });
      expect(Executor.of(jobs).statistics.workers).toBe(0);
      const server = createTask(() => serveCluster(module, own.where));
      yield* jobs.add(1, 2);
      expect(Executor.of(jobs).statistics.workers).toBe(1);
      yield* server.cancel();
    });
  });
});
