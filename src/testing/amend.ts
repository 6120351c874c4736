/** Adds to what an error says, where it can be added. The error stays the one that was thrown: tests look for it. */

/**
 * Adds lines to an error's message, and to the copy of it in its stack, which is what some test runners show.
 * False if it cannot be: what was thrown is frozen, or no error, or will not have another message.
 */
export function amend(error: unknown, lines: readonly string[]): boolean {
  try {
    const { message, stack } = error as { message?: unknown; stack?: unknown };
    if (typeof error !== "object" || typeof message !== "string") return false;
    // One error may fail two tests: a constant, say.
    const added = lines.filter((line) => !message.includes(line));
    const amended = [message, ...added].filter((line) => line !== "").join("\n");
    (error as Error).message = amended; // a frozen one throws
    if ((error as Error).message !== amended) return false;
    if (typeof stack === "string" && message !== "" && stack.includes(message)) {
      (error as Error).stack = stack.replace(message, () => amended);
    }
    return true;
  } catch {
    return false;
  }
}
