import { statSync } from "node:fs";
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { EventLoop } from "cede";
import { serveCluster, type ServeClusterOptions } from "cede/executors";
import { checkQueue } from "../../executors/cluster/options.ts";
import { isAddress, shown } from "../../executors/cluster/redis.ts";
import { Interrupted, withInterruption } from "../interruption.ts";
import { wholeNumberIn } from "../numbers.ts";
import { printable } from "../render/text.ts";
import { UsageError } from "../usage-error.ts";

/** As they are written. */
export interface RawWorkerOptions {
  readonly queue: string;
  readonly redis?: string;
  readonly prefix?: string;
  readonly concurrency?: string;
  readonly threads?: string;
  readonly stalled?: string;
  readonly maxStalled?: string;
  readonly drain?: string;
  readonly name?: string;
}

/** Serves until it is interrupted. @returns the exit code */
export async function serveModule(file: string, raw: RawWorkerOptions): Promise<number> {
  const path = resolve(file);
  const entry = statSync(path, { throwIfNoEntry: false });
  if (entry === undefined || entry.isDirectory() || path.endsWith(".json")) {
    const why =
      entry === undefined ? "there is no such file" : entry.isFile() ? "it is no program" : "it is a folder";
    throw new UsageError(
      `Cannot serve the jobs of "${printable(file)}": ${why}.`,
      "Name the module that exports them: cede worker ./jobs.ts --queue pictures",
    );
  }
  const options = optionsOf(raw, (state, { name, jobs, concurrency, running, served }) => {
    if (state === "serving") {
      console.log(
        `${printable(name)} serves ${jobs.length} jobs of ${printable(file)} to the queue ${printable(raw.queue)}, ` +
          `${concurrency} at once: ${jobs.map(printable).join(", ")}`,
      );
    } else {
      console.log(`${printable(name)} takes no more jobs: ${running} still run, ${served} were served.`);
    }
  });
  return withInterruption(async (signal) => {
    try {
      // It is serveCluster that says how long the end may take.
      const settings = { signal, shutdownTimeout: Infinity };
      await EventLoop.run(() => serveCluster(pathToFileURL(path), options), settings);
    } catch (error) {
      if (error instanceof Interrupted) return error.exitCode;
      console.error(isForUser(error) ? error.message : error);
      return 1;
    }
    return 0;
  });
}

/** Whether it says all that there is to say: of other errors the stack may tell more. */
function isForUser(error: unknown): error is Error {
  if (!(error instanceof Error)) return false;
  return (
    error.message.startsWith("Cannot ") || (error as { code?: unknown }).code === "ERR_UNKNOWN_FILE_EXTENSION"
  );
}

function optionsOf(
  raw: RawWorkerOptions,
  onState: NonNullable<ServeClusterOptions["onState"]>,
): ServeClusterOptions {
  const redis = raw.redis ?? process.env["REDIS_URL"] ?? "redis://localhost:6379";
  if (!isAddress(redis)) {
    throw new UsageError(
      `Cannot reach Redis by "${shown(printable(redis))}": that is no address of one.`,
      redis.includes("@")
        ? "Write --redis redis://name:password@localhost:6379, both of them as encodeURIComponent writes them."
        : "Write --redis redis://localhost:6379",
    );
  }
  const { prefix, name, concurrency, threads, stalled, maxStalled, drain } = raw;
  try {
    checkQueue({ queue: raw.queue, redis, ...(prefix !== undefined && { prefix }) });
  } catch (error) {
    throw new UsageError(
      (error as Error).message,
      "Write --queue and --prefix as the callers do: --queue pictures",
    );
  }
  return {
    queue: raw.queue,
    redis,
    onState,
    ...(prefix !== undefined && { prefix }),
    ...(name !== undefined && { name }),
    ...(concurrency !== undefined && { concurrency: number("--concurrency", concurrency, 1) }),
    ...(threads !== undefined && { threads: { workers: number("--threads", threads, 1) } }),
    ...(stalled !== undefined && { stalledInterval: number("--stalled", stalled, 100) }),
    ...(maxStalled !== undefined && { maxStalledCount: number("--max-stalled", maxStalled, 0) }),
    ...(drain !== undefined && { drainTimeout: number("--drain", drain, 0) }),
  };
}

function number(option: string, text: string, least: number): number {
  const value = wholeNumberIn(text);
  if (value >= least) return value;
  throw new UsageError(
    `Cannot use ${option} ${printable(text)}: it is no whole number, ${least} or more.`,
    "Or leave it out.",
  );
}
