// Jobs on worker threads: Cede beside the pool library, and beside nothing but a thread.
import { once } from "node:events";
import { Worker } from "node:worker_threads";
import type { Awaitable } from "cede";
import { timed, type Job, type Workload } from "../harness/workload.ts";
import type { Session } from "./session.ts";
import type { Suite, SuiteBar } from "./suite.ts";

type Jobs = typeof import("./jobs.ts");

const JOBS = new URL("./jobs.ts", import.meta.url);
const AT_ONCE = 100;
const MEGABYTE = 1 << 20;
/** Takes some 20 ms. */
const LIMIT = 200_000;
const PRIMES = 17_984;

/** A job that gives a number. */
interface Simple {
  readonly name: "add" | "addAsync" | "primesBelow";
  readonly argument: unknown;
  readonly gives: number;
}
type Ask = () => Promise<number>;

const sum: Simple = { name: "add", argument: { a: 1, b: 2 }, gives: 3 };
const asyncSum: Simple = { ...sum, name: "addAsync" };
/** Takes about a millisecond. */
const few: Simple = { name: "primesBelow", argument: 30_000, gives: 3245 };

const oneByOne = (about: string, size: number, job: Simple): Workload =>
  timed({
    about,
    size,
    checksum: (jobs) => jobs * job.gives,
    systems: {
      bare: async () => inTurn(await asking(job)),
      piscina: async () => inTurn(await running(job, await piscina())),
      "piscina, awake": async () => inTurn(await running(job, await piscina(true))),
      cede: async () => {
        const { withThreads } = await cede();
        return (count) =>
          withThreads(function* (jobs) {
            const call = jobs[job.name] as (argument: unknown) => Awaitable<number>;
            let sum = 0;
            for (let i = 0; i < count; i++) sum += yield* call(job.argument);
            return sum;
          });
      },
    },
  });

const atOnce = (about: string, job: Simple, inCede: keyof Jobs = job.name): Workload =>
  timed({
    about,
    size: 5000,
    checksum: (jobs) => jobs * job.gives,
    systems: {
      bare: async () => inBatches(await asking(job)),
      piscina: async () => inBatches(await running(job, await piscina())),
      "piscina, awake": async () => inBatches(await running(job, await piscina(true))),
      cede: async () => {
        const { all, withThreads } = await cede();
        return (count) =>
          withThreads(function* (jobs) {
            const call = jobs[inCede] as (argument: unknown) => Awaitable<number>;
            let sum = 0;
            for (let left = count; left > 0; left -= AT_ONCE) {
              const batch = Array.from({ length: AT_ONCE }, () => call(job.argument));
              for (const one of yield* all(batch)) sum += one;
            }
            return sum;
          });
      },
    },
  });

const bytes = (about: string, moves: boolean): Workload =>
  timed({
    about,
    size: 50,
    checksum: (jobs) => jobs * MEGABYTE,
    systems: {
      ...(!moves && {
        bare: async () => {
          const ask = await bareWorker();
          return async (jobs) => {
            let sum = 0;
            let image = new Uint8Array(MEGABYTE);
            for (let i = 0; i < jobs; i++) {
              image = (await ask(image)) as Uint8Array<ArrayBuffer>;
              sum += image.length;
            }
            return sum;
          };
        },
      }),
      piscina: async () => {
        const pool = await piscina();
        return async (jobs) => {
          let sum = 0;
          let image = new Uint8Array(MEGABYTE);
          for (let i = 0; i < jobs; i++) {
            image = moves
              ? await pool.run(image, { name: "movedByPiscina", transferList: [image.buffer] })
              : await pool.run(image, { name: "same" });
            sum += image.length;
          }
          return sum;
        };
      },
      cede: async () => {
        const { withThreads } = await cede();
        return (count) =>
          withThreads(function* (jobs) {
            let sum = 0;
            let image = new Uint8Array(MEGABYTE);
            for (let i = 0; i < count; i++) {
              image = moves
                ? yield* jobs.moved.with({ transfer: [image.buffer] })(image)
                : yield* jobs.same(image);
              sum += image.length;
            }
            return sum;
          });
      },
    },
  });

const cpu: Workload = timed({
  about: "count primes, 16 jobs of some 20 ms at once, on one thread and on two",
  size: 16,
  checksum: (jobs) => jobs * PRIMES,
  systems: {
    "bare, two": async () => {
      const asks = [await bareWorker(), await bareWorker()];
      return async (jobs) => {
        const counts = Array.from({ length: jobs }, (_, i) => asks[i % 2]!(LIMIT) as Promise<number>);
        return (await Promise.all(counts)).reduce((a, b) => a + b, 0);
      };
    },
    "piscina, two": async () => {
      const { Piscina } = await import("piscina");
      const pool = new Piscina({ filename: JOBS.href, minThreads: 2, maxThreads: 2 });
      return async (jobs) => {
        const counts = Array.from({ length: jobs }, () => pool.run(LIMIT, { name: "primesBelow" }));
        return ((await Promise.all(counts)) as number[]).reduce((a, b) => a + b, 0);
      };
    },
    "cede, one": () => primes(1),
    "cede, two": () => primes(2),
  },
});

const ADDED = "add two numbers in a function";

export const threads: Suite = {
  workloads: {
    tiny: oneByOne(`${ADDED}, one job after the other`, 5000, sum),
    "tiny-at-once": atOnce(`${ADDED}, ${AT_ONCE} jobs at once`, sum),
    "coroutines-at-once": atOnce("the same in a coroutine", asyncSum, "addInCoroutine"),
    copied: bytes("send a megabyte and get it back, copied", false),
    moved: bytes("send a megabyte and get it back, moved", true),
    short: oneByOne(
      "count few primes in a function, a millisecond of work, one job after the other",
      200,
      few,
    ),
    cpu,
  },
  bars: [
    ...["copied", "moved", "short"].map((workload) => bar(workload, "piscina", 1.2)),
    // What an empty job costs: see docs/decisions/0013.
    ...["tiny", "tiny-at-once", "coroutines-at-once"].map((workload) => bar(workload, "piscina, awake", 2)),
    { workload: "cpu", system: "cede, two", against: "cede, one", most: 1 / 1.8 },
  ],
};

function bar(workload: string, against: string, most: number): SuiteBar {
  return { workload, system: "cede", against, most };
}

/** A worker thread that answers each message. */
async function bareWorker(): Promise<(value: unknown) => Promise<unknown>> {
  const worker = new Worker(new URL("./bare-worker.ts", import.meta.url));
  await once(worker, "online");
  const asking = new Map<number, (result: unknown) => void>();
  let last = 0;
  worker.on("message", ([id, result]: [number, unknown]) => {
    asking.get(id)!(result);
    asking.delete(id);
  });
  return (value) =>
    new Promise((resolve) => {
      asking.set(++last, resolve);
      worker.postMessage([last, value]);
    });
}

async function asking({ argument }: Simple): Promise<Ask> {
  const ask = await bareWorker();
  return () => ask(argument) as Promise<number>;
}

/**
 * With as many threads as Cede has: by default it would end some whenever there is nothing to do, and start them anew.
 * `awake`: its idle threads are not blocked, as those of Cede are not.
 */
async function piscina(awake = false): Promise<import("piscina").Piscina> {
  const { Piscina } = await import("piscina");
  const count = navigator.hardwareConcurrency;
  const options = { filename: JOBS.href, minThreads: count, maxThreads: count };
  return new Piscina({ ...options, ...(awake && { atomics: "disabled" as const }) });
}

async function running({ name, argument }: Simple, pool: import("piscina").Piscina): Promise<Ask> {
  return () => pool.run(argument, { name }) as Promise<number>;
}

function inTurn(ask: Ask): Job {
  return async (jobs) => {
    let sum = 0;
    for (let i = 0; i < jobs; i++) sum += await ask();
    return sum;
  };
}

function inBatches(ask: Ask): Job {
  return async (jobs) => {
    let sum = 0;
    for (let left = jobs; left > 0; left -= AT_ONCE) {
      for (const one of await Promise.all(Array.from({ length: AT_ONCE }, ask))) sum += one;
    }
    return sum;
  };
}

/** Threads with Cede, which is loaded by those alone who are measured with it. */
async function cede(workers?: number): Promise<{
  readonly all: typeof import("cede").all;
  readonly withThreads: Session<import("cede/executors").Jobs<Jobs>>;
}> {
  const { all } = await import("cede");
  const { threads: open } = await import("cede/executors");
  const { session } = await import("./session.ts");
  const options = workers === undefined ? {} : { workers };
  return { all, withThreads: session(() => open<Jobs>(JOBS, options)) };
}

async function primes(workers: number): Promise<(jobs: number) => Promise<number>> {
  const { all, withThreads } = await cede(workers);
  return (count) =>
    withThreads(function* (jobs) {
      const counts = yield* all(Array.from({ length: count }, () => jobs.primesBelow(LIMIT)));
      return counts.reduce((a, b) => a + b, 0);
    });
}
