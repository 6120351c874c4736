/** Reports of tasks: each is of the run that its task belongs to, whoever runs when it is made. */
import type { Runner } from "./current.ts";
import type { Report } from "./monitor.ts";

/** A task, as far as reports name it. It need not live any more. */
export type Reporter = Pick<Runner, "loop" | "name" | "root">;

export function report(
  { loop, name, root }: Reporter,
  kind: Report["kind"],
  message: string,
  details?: Pick<Report, "error" | "cancellation">,
): void {
  loop.report({ kind, message, task: name, ...details }, root);
}
