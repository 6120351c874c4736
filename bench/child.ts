// One workload with one system, alone in this process: warms up, measures, and prints what it measured.
// Started by harness/rounds.ts. To profile, start it yourself, with the options that main.ts is given:
//
//   node --conditions=@cede/source --cpu-prof bench/child.ts switch cede
import { performance } from "node:perf_hooks";
import { workloadOfExecutors } from "./executors/index.ts";
import type { Measured } from "./harness/rounds.ts";
import { workloads } from "./workloads/index.ts";

/** At least so often, and so long: a job may take a microsecond or a second. */
const WARM = { times: 4, ms: 400 };
const MEASURED = { times: 5, ms: 600 };

const [workloadName = "", system = ""] = process.argv.slice(2);
const workload = workloads.get(workloadName) ?? workloadOfExecutors(workloadName);
const prepare = workload?.systems[system];
if (workload === undefined || prepare === undefined) {
  throw new Error(`Cannot measure ${workloadName} with ${system}: there is no such workload or system.`);
}
const size = workload.sizes?.[system] ?? workload.size;
const sample = await prepare();

await repeat(WARM);
const before = process.cpuUsage();
const samples = await repeat(MEASURED);
const { user, system: kernel } = process.cpuUsage(before);
const measured: Measured = {
  samples,
  cpu: ((user + kernel) * 1000) / (samples.length * size),
  peak: process.resourceUsage().maxRSS * 1024,
};
// What is parked for ever is left so.
process.stdout.write(JSON.stringify(measured), () => process.exit());

async function repeat({ times, ms }: { readonly times: number; readonly ms: number }): Promise<number[]> {
  const costs: number[] = [];
  const end = performance.now() + ms;
  while (costs.length < times || performance.now() < end) costs.push((await sample(size)) / size);
  return costs;
}
