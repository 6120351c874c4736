/**
 * What a workload is: one job, done by several systems side by side, each with its best idiom.
 *
 * The functions of a workload run in a child process that does this one job with this one system, so type
 * feedback and the heap belong to it alone. A system therefore imports what it needs itself.
 */
import { performance } from "node:perf_hooks";

export interface Workload {
  /** What is done, in words, for the list and above the table. */
  readonly about: string;
  /** What the cost is counted in. */
  readonly unit: "ns" | "bytes";
  /** How many operations one sample has. */
  readonly size: number;
  /** For systems that are so slow, or so limited, that they get fewer. */
  readonly sizes?: Readonly<Record<string, number>>;
  /** By name, in the order in which they take turns. */
  readonly systems: Readonly<Record<string, () => Promise<Sampler>>>;
}

/** Does `size` operations, and tells what they cost together. */
export type Sampler = (size: number) => Promise<number>;

/** Prepares a system. What it gives does `size` operations and returns a checksum of what was done. */
export type System = () => Job | Promise<Job>;
export type Job = (size: number) => number | Promise<number>;

interface Timed extends Omit<Workload, "unit" | "systems"> {
  /** What a job of that size has to return: the proof that the work was done. */
  checksum(size: number): number;
  readonly systems: Readonly<Record<string, System>>;
}

/** A workload that is about time. */
export function timed({ checksum, systems, ...rest }: Timed): Workload {
  const timer = async (system: System): Promise<Sampler> => {
    const job = await system();
    return async (size) => {
      const start = performance.now();
      const result = await job(size);
      const ms = performance.now() - start;
      if (result !== checksum(size)) {
        throw new Error(`Its checksum is ${result} instead of ${checksum(size)}.`);
      }
      return ms * 1e6;
    };
  };
  return { ...rest, unit: "ns", systems: mapValues(systems, (system) => () => timer(system)) };
}

/** Parks `size` tasks for ever, and returns what keeps them alive. */
export type Parking = (size: number) => unknown;

interface Weighed extends Omit<Workload, "unit" | "systems"> {
  readonly systems: Readonly<Record<string, () => Parking | Promise<Parking>>>;
}

/** A workload that is about the heap: what is alive after `size` tasks have parked, and was not before. */
export function weighed({ systems, ...rest }: Weighed): Workload {
  const scales = async (prepare: () => Parking | Promise<Parking>): Promise<Sampler> => {
    const park = await prepare();
    const kept: unknown[] = [];
    return async (size) => {
      const before = await liveBytes();
      kept.push(park(size));
      return (await liveBytes()) - before;
    };
  };
  return { ...rest, unit: "bytes", systems: mapValues(systems, (system) => () => scales(system)) };
}

async function liveBytes(): Promise<number> {
  const { setFlagsFromString } = await import("node:v8");
  const { runInNewContext } = await import("node:vm");
  setFlagsFromString("--expose-gc");
  const gc = runInNewContext("gc") as () => void;
  // What has been asked to run gets the time to park, and what finalizers let go of is collected too.
  for (let i = 0; i < 3; i++) {
    await new Promise((resolve) => setTimeout(resolve, 20));
    gc();
  }
  return process.memoryUsage().heapUsed;
}

function mapValues<From, To>(
  record: Readonly<Record<string, From>>,
  map: (value: From) => To,
): Record<string, To> {
  return Object.fromEntries(Object.entries(record).map(([key, value]) => [key, map(value)]));
}
