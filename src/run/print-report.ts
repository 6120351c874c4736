/** Where a report goes when nobody else asked for it. */
import type { Report } from "../kernel/monitor.ts";

/** What a caller was told, at least in part, or will be, need not be printed. */
const TOLD_ELSEWHERE: readonly Report["kind"][] = ["suppressed-error", "escape", "expired-unheard"];

export function printReport(report: Report): void {
  if (TOLD_ELSEWHERE.includes(report.kind)) return;
  const { message, error } = report;
  if (error === undefined) console.warn(`cede: ${message}`);
  else console.warn(`cede: ${message}`, error);
}
