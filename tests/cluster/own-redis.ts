/**
 * A Redis for the tests of a file, and what each of them has there to itself: a queue, a folder for what jobs write, and
 * workers, which are ended with the test however it ends.
 */
import { join } from "node:path";
import { Redis, type RedisOptions } from "ioredis";
import { beforeAll, beforeEach, onTestFinished } from "vitest";
import { EventLoop, type Awaitable } from "cede";
import { cluster, type ClusterOptions, type Jobs } from "cede/executors";
import { RedisServer } from "../support/redis-server.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { endWorkers, WorkerProcess, type WorkerOptions } from "./workers.ts";

type Module = typeof import("./jobs.ts");

/** To be called where the tests are described. */
export function ownRedis(): OwnRedis {
  const own = new OwnRedis();
  beforeAll(async () => {
    own.server = await RedisServer.start();
    return () => own.server.close();
  });
  let tests = 0;
  beforeEach(() => {
    own.queue = `test-${++tests}`;
    own.folder = temporaryFolder();
    own.workers = [];
    return () => endWorkers(own.workers);
  });
  return own;
}

class OwnRedis {
  server!: RedisServer;
  queue!: string;
  folder!: string;
  workers!: WorkerProcess[];

  /** Where clusters and workers of the test meet. */
  get where(): { readonly queue: string; readonly redis: string } {
    return { queue: this.queue, redis: this.server.url };
  }

  /** A file for what the jobs of a test note. */
  get file(): string {
    return join(this.folder, "notes");
  }

  /** A client of the test's own, for a look at what is there and for what others do. */
  client(options: Pick<RedisOptions, "enableOfflineQueue"> = {}): Redis {
    const client = new Redis(this.server.url, options);
    onTestFinished(() => client.disconnect());
    return client;
  }

  /** Starts a worker, and waits for nothing. */
  worker(options: Partial<WorkerOptions>): WorkerProcess {
    const worker = new WorkerProcess({ ...this.where, ...options });
    this.workers.push(worker);
    return worker;
  }

  /** Starts workers that serve `jobs.ts`, and waits until they do. */
  async start(count: number, flags: readonly string[]): Promise<void> {
    const started = Array.from({ length: count }, () => this.worker({ flags }));
    await Promise.all(started.map((worker) => worker.ready()));
  }

  /** A program that calls `jobs.ts`: it looks often for what it may have missed, and waits long for what still runs. */
  open(options: Partial<ClusterOptions> = {}): Awaitable<Jobs<Module>> {
    return cluster<Module>({ ...this.where, pollInterval: 500, drainTimeout: 30_000, ...options });
  }

  withJobs<T>(body: (jobs: Jobs<Module>) => Awaitable<T>, options?: Partial<ClusterOptions>): Promise<T> {
    const open = (): Awaitable<Jobs<Module>> => this.open(options);
    return EventLoop.run(function* () {
      return yield* body(yield* open());
    });
  }

  /** How many jobs of the queue are in which state. */
  async counts(): Promise<Record<string, number>> {
    const redis = new Redis(this.server.url);
    const [completed, failed, waiting, active] = await Promise.all([
      redis.zcard(`bull:${this.queue}:completed`),
      redis.zcard(`bull:${this.queue}:failed`),
      redis.zcard(`bull:${this.queue}:prioritized`),
      redis.llen(`bull:${this.queue}:active`),
    ]);
    redis.disconnect();
    return { completed, failed, waiting, active };
  }
}
