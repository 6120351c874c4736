// Jobs on another process through Redis: Cede beside BullMQ itself, with the same job, as many on their way at once, and one
// worker process for each. The server is one of the measurement's own. So many jobs that the code of both is warm.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { timed, type Workload } from "../harness/workload.ts";
import type { Suite } from "./suite.ts";

const AT_ONCE = 100;

const oneByOne: Workload = timed({
  about: "add two numbers in a coroutine on another process, one job after the other",
  size: 2000,
  checksum: (jobs) => jobs * 3,
  systems: {
    bullmq: async () => {
      const call = await bullmq();
      return async (jobs) => {
        let sum = 0;
        for (let i = 0; i < jobs; i++) sum += await call();
        return sum;
      };
    },
    cede: async () => {
      const { withJobs } = await cede();
      return (count) =>
        withJobs(function* (jobs) {
          let sum = 0;
          for (let i = 0; i < count; i++) sum += yield* jobs.add(1, 2);
          return sum;
        });
    },
  },
});

const atOnce: Workload = timed({
  about: `the same, ${AT_ONCE} at once`,
  size: 5000,
  checksum: (jobs) => jobs * 3,
  systems: {
    bullmq: async () => {
      const call = await bullmq();
      return async (jobs) => {
        let sum = 0;
        for (let left = jobs; left > 0; left -= AT_ONCE) {
          for (const one of await Promise.all(Array.from({ length: AT_ONCE }, call))) sum += one;
        }
        return sum;
      };
    },
    cede: async () => {
      const { all, withJobs } = await cede();
      return (count) =>
        withJobs(function* (jobs) {
          let sum = 0;
          for (let left = count; left > 0; left -= AT_ONCE) {
            for (const one of yield* all(Array.from({ length: AT_ONCE }, () => jobs.add(1, 2)))) sum += one;
          }
          return sum;
        });
    },
  },
});

export const cluster: Suite = {
  workloads: { oneByOne, atOnce },
  bars: [
    { workload: "oneByOne", system: "cede", against: "bullmq", most: 1.3 },
    { workload: "atOnce", system: "cede", against: "bullmq", most: 1.3 },
  ],
};

/** A Redis, and a worker process of the system; both end with this process. The address. */
async function served(system: string): Promise<string> {
  const { RedisServer } = await import("../../tests/support/redis-server.ts");
  const server = await RedisServer.start();
  const worker = new URL("./cluster-worker.ts", import.meta.url).pathname;
  const child = spawn(process.execPath, [...process.execArgv, worker, system, server.url], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  process.once("exit", () => child.kill("SIGKILL"));
  const [said] = await Promise.race([once(child.stdout, "data"), once(child, "exit")]);
  if (typeof said === "number") throw new Error(`The worker of ${system} ended with code ${said}.`);
  return server.url;
}

async function bullmq(): Promise<() => Promise<number>> {
  const url = await served("bullmq");
  const { Queue, QueueEvents } = await import("bullmq");
  const { Redis } = await import("ioredis");
  const connection = new Redis(url, { maxRetriesPerRequest: null });
  const queue = new Queue("sums", {
    connection,
    defaultJobOptions: { removeOnComplete: { count: 1000 }, removeOnFail: { count: 1000 } },
  });
  // From the first event on: from "now" on, which is its own choice, the end of the first job may be missed, and waited for
  // for ever.
  const events = new QueueEvents("sums", { connection: connection.duplicate(), lastEventId: "0-0" });
  events.setMaxListeners(0);
  queue.setMaxListeners(0);
  await events.waitUntilReady();
  return async () => {
    const job = await queue.add("add", { args: [1, 2] });
    return (await job.waitUntilFinished(events)) as number;
  };
}

async function cede() {
  const url = await served("cede");
  const [{ all }, executors, { session }] = await Promise.all([
    import("cede"),
    import("cede/executors"),
    import("./session.ts"),
  ]);
  const withJobs = session(() =>
    executors.cluster<typeof import("./cluster-worker.ts")>({ queue: "sums", redis: url }),
  );
  return { all, withJobs };
}
