/** Something in the command line cannot be done as it was written: exit code 2, no stack. */
export class UsageError extends Error {
  override name = "UsageError";

  constructor(problem: string, fix: string) {
    super(`${problem}\n${fix}`);
  }
}
