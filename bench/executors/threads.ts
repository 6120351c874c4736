// Jobs on worker threads: Cede beside the pool library with its default settings, and beside nothing but a thread.
import { once } from "node:events";
import { Worker } from "node:worker_threads";
import { timed, type Job, type Workload } from "../harness/workload.ts";
import type { Session } from "./session.ts";
import type { Suite } from "./suite.ts";

type Jobs = typeof import("./jobs.ts");

const JOBS = new URL("./jobs.ts", import.meta.url);
const AT_ONCE = 100;
const MEGABYTE = 1 << 20;
/** Takes some 20 ms. */
const LIMIT = 200_000;
const PRIMES = 17_984;
/** Takes about a millisecond. */
const FEW = 30_000;
const FEW_PRIMES = 3245;

const tiny: Workload = timed({
  about: "add two numbers in a function, one job after the other",
  size: 2000,
  checksum: (jobs) => jobs * 3,
  systems: {
    bare: async () => {
      const ask = await bareWorker();
      return async (jobs) => {
        let sum = 0;
        for (let i = 0; i < jobs; i++) sum += (await ask({ a: 1, b: 2 })) as number;
        return sum;
      };
    },
    piscina: oneByOne(false),
    "piscina, awake": oneByOne(true),
    cede: async () => {
      const { withThreads } = await cede();
      return (count) =>
        withThreads(function* (jobs) {
          let sum = 0;
          for (let i = 0; i < count; i++) sum += yield* jobs.add({ a: 1, b: 2 });
          return sum;
        });
    },
  },
});

const atOnce = (
  about: string,
  name: "add" | "addAsync" | "addInCoroutine",
  peer: "add" | "addAsync",
): Workload =>
  timed({
    about,
    size: 5000,
    checksum: (jobs) => jobs * 3,
    systems: {
      bare: async () => {
        const ask = await bareWorker();
        return (jobs) => inBatches(jobs, () => ask({ a: 1, b: 2 }) as Promise<number>);
      },
      piscina: allAtOnce(false, peer),
      "piscina, awake": allAtOnce(true, peer),
      cede: async () => {
        const { all, withThreads } = await cede();
        return (count) =>
          withThreads(function* (jobs) {
            let sum = 0;
            for (let left = count; left > 0; left -= AT_ONCE) {
              const batch = Array.from({ length: AT_ONCE }, () => jobs[name]({ a: 1, b: 2 }));
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

const short: Workload = timed({
  about: "count few primes in a function, a millisecond of work, one job after the other",
  size: 200,
  checksum: (jobs) => jobs * FEW_PRIMES,
  systems: {
    bare: async () => {
      const ask = await bareWorker();
      return async (jobs) => {
        let sum = 0;
        for (let i = 0; i < jobs; i++) sum += (await ask(FEW)) as number;
        return sum;
      };
    },
    piscina: async () => {
      const pool = await piscina();
      return async (jobs) => {
        let sum = 0;
        for (let i = 0; i < jobs; i++) sum += await pool.run(FEW, { name: "primesBelow" });
        return sum;
      };
    },
    cede: async () => {
      const { withThreads } = await cede();
      return (count) =>
        withThreads(function* (jobs) {
          let sum = 0;
          for (let i = 0; i < count; i++) sum += yield* jobs.primesBelow(FEW);
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

export const threads: Suite = {
  workloads: {
    tiny,
    "tiny-at-once": atOnce("the same, 100 jobs at once", "add", "add"),
    "coroutines-at-once": atOnce("the same in a coroutine, 100 jobs at once", "addInCoroutine", "addAsync"),
    copied: bytes("send a megabyte and get it back, copied", false),
    moved: bytes("send a megabyte and get it back, moved", true),
    short,
    cpu,
  },
  bars: [
    ...["tiny", "tiny-at-once", "coroutines-at-once", "copied", "moved", "short"].map((workload) => ({
      workload,
      system: "cede",
      against: "piscina",
      most: 1.2,
    })),
    { workload: "cpu", system: "cede, two", against: "cede, one", most: 1 / 1.8 },
  ],
};

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

/** `awake`: its idle threads are not blocked, as those of Cede are not. */
async function piscina(awake = false): Promise<import("piscina").Piscina> {
  const { Piscina } = await import("piscina");
  return new Piscina({ filename: JOBS.href, ...(awake && { atomics: "disabled" as const }) });
}

function oneByOne(awake: boolean): () => Promise<Job> {
  return async () => {
    const pool = await piscina(awake);
    return async (jobs) => {
      let sum = 0;
      for (let i = 0; i < jobs; i++) sum += await pool.run({ a: 1, b: 2 }, { name: "add" });
      return sum;
    };
  };
}

function allAtOnce(awake: boolean, name: string): () => Promise<Job> {
  return async () => {
    const pool = await piscina(awake);
    return (jobs) => inBatches(jobs, () => pool.run({ a: 1, b: 2 }, { name }) as Promise<number>);
  };
}

async function inBatches(jobs: number, start: () => Promise<number>): Promise<number> {
  let sum = 0;
  for (let left = jobs; left > 0; left -= AT_ONCE) {
    for (const one of await Promise.all(Array.from({ length: AT_ONCE }, start))) sum += one;
  }
  return sum;
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
