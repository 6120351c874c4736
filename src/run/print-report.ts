/** Where a report goes when nobody else asked for it. */
import { textOf, withSuppressed } from "../kernel/errors.ts";
import type { Report } from "../kernel/monitor.ts";

/** What a caller was told, at least in part, or will be, need not be printed; nor what is no mistake. */
const NOT_PRINTED: readonly Report["kind"][] = [
  "suppressed-error",
  "escape",
  "expired-unheard",
  "late-result",
];

/**
 * What a loop does with a report unless it has an `onReport`: prints it, but for those whose error reaches a caller anyway. For
 * an `onReport` that hears some of them itself.
 *
 * @example
 * ```ts
 * import { run, sleep } from "cede";
 * import { printReport } from "cede/lowlevel";
 *
 * function* main() {
 *   for (const end = performance.now() + 150; performance.now() < end; );
 *   yield* sleep(1);
 * }
 * await run(main, {
 *   onReport: (report) => (report.kind === "loop-held" ? console.log("held") : printReport(report)),
 * });
 * // prints: held
 * ```
 */
export function printReport(report: Report): void {
  if (NOT_PRINTED.includes(report.kind)) return;
  const { message, error } = report;
  if (error === undefined) console.warn(`cede: ${message}`);
  else console.warn(`cede: ${withoutEnd(message, textOf(error))}`, error);
  const later = withSuppressed(error);
  later.delete(error);
  for (const one of later) console.warn("cede: Beside it there was a later error:", one);
}

/** A message that ends with the error's text, without that: the error itself is printed there. */
function withoutEnd(message: string, text: string): string {
  return message.endsWith(`: ${text}`) ? message.slice(0, -text.length - 1) : message;
}
