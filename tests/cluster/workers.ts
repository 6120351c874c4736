/** Workers of a queue, as processes of the command, and what they print. */
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { atExit } from "../support/at-exit.ts";

const root = join(import.meta.dirname, "../..");

export interface WorkerOptions {
  readonly queue: string;
  readonly redis: string;
  readonly module?: string;
  readonly flags?: readonly string[];
}

export class WorkerProcess {
  readonly child: ChildProcess;
  output = "";
  readonly #ended: Promise<number | string>;

  constructor({ queue, redis, module = join(import.meta.dirname, "jobs.ts"), flags = [] }: WorkerOptions) {
    const args = ["--conditions=@cede/source", join(root, "src/cli/main.ts"), "worker", module];
    this.child = spawn(process.execPath, [...args, "--queue", queue, "--redis", redis, ...flags], {
      stdio: ["ignore", "pipe", "pipe"],
      env: { ...process.env, NO_COLOR: "1" },
    });
    for (const stream of [this.child.stdout!, this.child.stderr!]) {
      stream.setEncoding("utf8").on("data", (text: string) => (this.output += text));
    }
    const ended = atExit(() => this.child.kill("SIGKILL"));
    this.child.once("exit", ended);
    this.#ended = once(this.child, "close").then(([code, signal]) => (signal ?? code) as number | string);
  }

  /** Waits until it has printed something. */
  async printed(pattern: RegExp): Promise<this> {
    const ended = this.#ended.then((code) => {
      throw new Error(`A worker ended with ${code} before it printed ${pattern}:\n${this.output}`);
    });
    ended.catch(() => {});
    while (!pattern.test(this.output)) {
      await Promise.race([ended, new Promise((resolve) => setTimeout(resolve, 10))]);
    }
    return this;
  }

  ready(): Promise<this> {
    return this.printed(/ serves \d+ jobs /);
  }

  get pid(): number {
    return this.child.pid!;
  }

  /** Its exit code, or the signal that ended it. */
  get ended(): Promise<number | string> {
    return this.#ended;
  }

  kill(signal: NodeJS.Signals = "SIGKILL"): Promise<number | string> {
    this.child.kill(signal);
    return this.#ended;
  }
}

export async function startWorkers(count: number, options: WorkerOptions): Promise<WorkerProcess[]> {
  const workers = Array.from({ length: count }, () => new WorkerProcess(options));
  try {
    return await Promise.all(workers.map((worker) => worker.ready()));
  } catch (error) {
    await endWorkers(workers);
    throw error;
  }
}

export async function endWorkers(workers: readonly WorkerProcess[]): Promise<void> {
  await Promise.all(workers.map((worker) => worker.kill()));
}
