/** What a program that was started by a test has to complain of. */

/** What it printed, without what Cede tells of steps that a busy machine made long. */
export function complaints(printed: string): string {
  return printed.replace(/^cede: (?:On worker \d+: )?The loop was held for .*\n/gm, "");
}
