/** Where a report goes when nobody else asked for it. */
import { suppressedErrors } from "../kernel/errors.ts";
import type { Report } from "../kernel/monitor.ts";

/** What a caller was told, at least in part, or will be, need not be printed. */
const TOLD_ELSEWHERE: readonly Report["kind"][] = ["suppressed-error", "escape", "expired-unheard"];

export function printReport(report: Report): void {
  if (TOLD_ELSEWHERE.includes(report.kind)) return;
  const { message, error } = report;
  if (error === undefined) console.warn(`cede: ${message}`);
  else console.warn(`cede: ${message}`, error);
  for (const later of laterErrors(error)) console.warn("cede: Beside it there was a later error:", later);
}

/** The errors that gave way to this one, and those that gave way to them. */
function laterErrors(error: unknown): Set<unknown> {
  const found = new Set<unknown>([error]);
  for (const one of found) for (const later of suppressedErrors(one)) found.add(later); // it grows as it is walked
  found.delete(error);
  return found;
}
