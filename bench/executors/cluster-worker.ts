// The worker process of a measurement of clusters: bullmq|cede, and the address of Redis. It prints a line once it serves.
import type { Awaitable } from "cede";

// oxlint-disable-next-line require-yield
export function* add(a: number, b: number): Awaitable<number> {
  return a + b;
}

const [system, url] = process.argv.slice(2) as [string, string];
if (system === "cede") {
  const { run } = await import("cede");
  const { serveCluster } = await import("cede/executors");
  const onState = (state: string): void => console.log(state);
  await run(() => serveCluster({ add }, { queue: "sums", redis: url, concurrency: 100, onState }));
} else {
  const { Worker } = await import("bullmq");
  const { Redis } = await import("ioredis");
  const connection = new Redis(url, { maxRetriesPerRequest: null });
  const options = { connection, concurrency: 100 };
  const worker = new Worker<{ args: [number, number] }>(
    "sums",
    async ({ data: { args } }) => args[0] + args[1],
    options,
  );
  await worker.waitUntilReady();
  console.log("serving");
}
