/** The suites by the name of what runs the jobs, and their workloads: "threads/tiny". */
import type { Workload } from "../harness/workload.ts";
import { cluster } from "./cluster.ts";
import type { Suite } from "./suite.ts";
import { threads } from "./threads.ts";

export const suites: ReadonlyMap<string, Suite> = new Map([
  ["threads", threads],
  ["cluster", cluster],
]);

export function workloadOfExecutors(name: string): Workload | undefined {
  const [suite = "", workload = ""] = name.split("/");
  return suites.get(suite)?.workloads[workload];
}
