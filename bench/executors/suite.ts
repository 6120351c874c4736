/** What the executors are measured by: workloads, and what Cede is held to in them. */
import type { Workload } from "../harness/workload.ts";

export interface Suite {
  readonly workloads: Readonly<Record<string, Workload>>;
  readonly bars: readonly SuiteBar[];
}

/** How much the cost of one system may be of another's in the same workload. */
export interface SuiteBar {
  readonly workload: string;
  readonly system: string;
  readonly against: string;
  readonly most: number;
}
