/**
 * Many jobs at once, with what may befall them at random: callers that cancel, workers that are killed and replaced, a Redis
 * that is restarted. Whatever happens, each caller gets exactly one outcome, what has succeeded is what the job has returned,
 * and in the end the queue is empty. One seed is one plan; what the machine does meanwhile is its own.
 */
import { Redis } from "ioredis";
import { cluster, Executor, type ExecutorStatistics } from "cede/executors";
import { EventLoop, map, moveOnAfter, sleep, taskGroup, TimeoutError, until, type Awaitable } from "cede";
import { RedisServer } from "../support/redis-server.ts";
import { endWorkers, startWorkers, WorkerProcess } from "./workers.ts";

type Module = typeof import("./jobs.ts");

export interface SoakOptions {
  readonly seed: number;
  readonly jobs: number;
  /** How often a worker is killed, and Redis restarted. */
  readonly kills: number;
  readonly restarts: number;
  readonly workers?: number;
}

export interface SoakResult {
  readonly results: number;
  readonly cancelled: number;
  readonly timedOut: number;
  /** What no caller should have got. */
  readonly wrong: readonly string[];
  readonly restarted: number;
  /** Keys of jobs that are left in Redis. */
  readonly orphans: readonly string[];
  readonly seconds: number;
}

/** Small, and the same everywhere. */
function randomFrom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

export async function soak({ seed, jobs, kills, restarts, workers = 3 }: SoakOptions): Promise<SoakResult> {
  const random = randomFrom(seed);
  const started = performance.now();
  const server = await RedisServer.start();
  const queue = "soak";
  const start = (count: number): Promise<WorkerProcess[]> =>
    startWorkers(count, {
      queue,
      redis: server.url,
      // However often it is taken from one that is killed, or has not heard of Redis for too long, a job is not lost.
      flags: ["--stalled", "1000", "--max-stalled", "100", "--concurrency", "50", "--threads", "1"],
    });
  const running = await start(workers);
  try {
    const outcomes = { result: 0, cancelled: 0, timedOut: 0 };
    const wrong: string[] = [];
    let statistics: ExecutorStatistics | undefined;
    let done = 0;
    await EventLoop.run(
      function* () {
        const proxy = yield* cluster<Module>({
          queue,
          redis: server.url,
          pollInterval: 1000,
          concurrency: 500,
          drainTimeout: 60_000,
          keepCompleted: { count: 0 },
          keepFailed: { count: 0 },
        });
        const one = function* (plan: Plan, n: number): Awaitable<void> {
          let outcome = 0;
          try {
            const call = function* (): Awaitable<number> {
              if (plan.what === "add") return yield* proxy.add(n, 1);
              return yield* proxy.nap.with(plan.what === "timeout" ? { timeout: plan.after } : {})(plan.ms);
            };
            if (plan.what === "cancel") {
              const { expired } = yield* moveOnAfter(plan.after, call);
              outcome++;
              if (expired) outcomes.cancelled++;
              else outcomes.result++;
            } else {
              const value = yield* call();
              outcome++;
              outcomes.result++;
              if (plan.what === "add" && value !== n + 1) wrong.push(`add ${n} gave ${value}`);
              if (plan.what !== "add" && !(value >= 1)) wrong.push(`nap ${n} gave ${value}`);
            }
          } catch (error) {
            outcome++;
            if (error instanceof TimeoutError && plan.what === "timeout") outcomes.timedOut++;
            else wrong.push(`${plan.what} ${n}: ${String(error)}`);
          } finally {
            done++;
            if (outcome !== 1) wrong.push(`${plan.what} ${n} had ${outcome} outcomes`);
          }
        };
        const plans = Array.from({ length: jobs }, () => planOf(random));
        const faults = faultsOf(random, kills, restarts);
        yield* taskGroup(function* (group) {
          group.createTask(function* faulty(): Awaitable<void> {
            for (const [i, fault] of faults.entries()) {
              // Spread over the jobs, rather than over a time that nobody knows.
              while (done < ((i + 1) * jobs) / (faults.length + 1)) yield* sleep(5);
              if (fault === "restart") {
                yield* until(server.stop());
                yield* sleep(200 + random() * 800);
                yield* until(server.start());
              } else {
                const [killed] = running.splice(Math.floor(random() * running.length), 1);
                yield* until(killed!.kill());
                running.push(...(yield* until(start(1))));
              }
            }
          });
          yield* map(
            plans.map((plan, n) => ({ plan, n })),
            ({ plan, n }) => one(plan, n),
            { concurrency: 1000 },
          );
        });
        statistics = Executor.of(proxy).statistics;
      },
      { onReport: () => {} }, // cleanup that waits for another machine takes longer than a second now and then
    );
    return {
      results: outcomes.result,
      cancelled: outcomes.cancelled,
      timedOut: outcomes.timedOut,
      wrong,
      restarted: statistics!.restarted,
      orphans: await orphansOf(server, queue),
      seconds: (performance.now() - started) / 1000,
    };
  } finally {
    await endWorkers(running);
    await server.close();
  }
}

interface Plan {
  readonly what: "add" | "nap" | "cancel" | "timeout";
  readonly ms: number;
  readonly after: number;
}

function planOf(random: () => number): Plan {
  const dice = random();
  const what = dice < 0.3 ? "add" : dice < 0.7 ? "nap" : dice < 0.9 ? "cancel" : "timeout";
  return { what, ms: Math.floor(random() * 60), after: Math.floor(random() * 80) };
}

function faultsOf(random: () => number, kills: number, restarts: number): ("kill" | "restart")[] {
  const faults = [...Array<"kill">(kills).fill("kill"), ...Array<"restart">(restarts).fill("restart")];
  for (let i = faults.length - 1; i > 0; i--) {
    const j = Math.floor(random() * (i + 1));
    [faults[i], faults[j]] = [faults[j]!, faults[i]!];
  }
  return faults;
}

const OWN = new Set(["events", "id", "meta", "pc", "marker", "stalled-check", "stalled", "limiter"]);

/** What is left of jobs: a job of a worker that was killed last may take a moment until the queue has noticed. */
async function orphansOf(server: RedisServer, queue: string): Promise<string[]> {
  const redis = new Redis(server.url);
  try {
    for (let tries = 0; ; tries++) {
      const keys = (await redis.keys("*")).map((key) => key.replace(`bull:${queue}:`, ""));
      const left = keys.filter((key) => !OWN.has(key));
      if (left.length === 0 || tries === 50) return left.sort();
      await new Promise((resolve) => {
        setTimeout(resolve, 100);
      });
    }
  } finally {
    redis.disconnect();
  }
}
