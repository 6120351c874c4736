// `cede worker`: serves the jobs of a module to a queue, for programs that call them through `cluster`.
import { Command } from "commander";
import type { RawWorkerOptions } from "../worker/serve.ts";

export function workerCommand(): Command {
  return new Command("worker")
    .summary("serve the jobs of a module to a cluster")
    .description("Serves the jobs that a module exports, for programs that call them through `cluster`.")
    .argument("<module>", "the file of the jobs")
    .requiredOption("--queue <name>", "the queue, as the callers name it")
    .option("--redis <url>", "where it is (default: $REDIS_URL, or redis://localhost:6379)")
    .option("--prefix <name>", "what the names of all keys begin with (default: bull)")
    .option("--concurrency <n>", "how many jobs at once (default: 100; with functions, one a processor)")
    .option("--threads <n>", "on how many threads functions run (default: one a processor)")
    .option(
      "--stalled <ms>",
      "after how long without a sign of life a job is given to another (default: 5000)",
    )
    .option(
      "--max-stalled <n>",
      "how often a job may be given to another before it counts as lost (default: 1)",
    )
    .option("--drain <ms>", "how long jobs may still run once it is told to stop (default: 10000)")
    .option("--name <name>", "what it is called (default: host:pid)")
    .addHelpText("after", HELP)
    .action(async (module: string, raw: RawWorkerOptions) => {
      const { serveModule } = await import("../worker/serve.ts");
      process.exitCode = await serveModule(module, raw);
    });
}

const HELP = `
It prints a line when it serves, and one when it stops. Ctrl-C (SIGINT) or SIGTERM: it takes no more
jobs, waits for those that run, and leaves what does not end in time to other workers. A second one
ends it at once: its jobs are run again elsewhere once they count as stalled.
Exit code: 130 after SIGINT, 143 after SIGTERM, 1 when it cannot serve, 2 when the command cannot be run
as written.

Needs the packages bullmq and ioredis, and, for functions, piscina: npm install bullmq ioredis piscina

Example:
  cede worker ./jobs.ts --queue pictures --redis redis://localhost:6379`;
