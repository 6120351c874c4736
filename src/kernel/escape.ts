/**
 * Cancellation unwinds a frame with `generator.return(TOKEN)`. Four programs can turn that into normal
 * running again: a plain helper whose `finally` suspends, a throw in a `finally` that is caught further
 * out in the same frame, `return`/`break`/`continue` in a `finally`, and a foreign iterator that answers
 * wrongly. None may pass in silence: the token is compared at the end of every unwound frame, and it is an
 * object that explains itself when used.
 *
 * The first of the four can be caught earlier where the engine shows its built-in frames (V8).
 */
import { callSites, isBuiltIn, type CallSite } from "./call-sites.ts";
import { current, type Runner } from "./current.ts";
import { CancellationEscapedError } from "./errors.ts";
import { RETURN } from "./generator.ts";
import { report } from "./report.ts";

function explain(): never {
  const error = new CancellationEscapedError(
    "Cannot use this value: it is what a helper gave back while its caller was being cancelled. The " +
      "caller has gone on by mistake: the helper's `finally` suspends. Mark the helper with `coroutine(…)`.",
  );
  if (current.task !== null) tell(current.task, error); // what is thrown here may be caught
  throw error;
}

/** An escape is a bug of the program: it fails the run, whatever becomes of the error. */
export function tell(task: Runner, error: CancellationEscapedError): void {
  report(task, "escape", error.message, { error });
  task.root.fail(error);
}

/** What `return()` is called with, and what an unwound frame must end with. */
export const TOKEN: object = new Proxy(
  {},
  { get: explain, set: explain, has: explain, apply: explain, ownKeys: explain, getPrototypeOf: explain },
);

/** An error for a frame that was unwound and ended with something other than the token. */
export function escaped(frame: string, suspended: boolean): CancellationEscapedError {
  return new CancellationEscapedError(
    `Cannot cancel ${frame}: it went on as if it had not been cancelled. ` +
      (suspended
        ? "A plain helper that it called with `yield*` suspends in its `finally` (mark the helper with " +
          "`coroutine(…)`), or a"
        : "A") +
      " `finally` ends with `return`, `break` or `continue` or throws what is caught further out (let the " +
      "cancellation pass), or a hand-written iterator's `return(value)` does not answer `{done: true, value}`.",
  );
}

/** An error for a helper that was caught at its first suspension, before anything wrong ran. */
export function helperEscaped(frame: string, helper: string): CancellationEscapedError {
  return new CancellationEscapedError(
    `Cannot finish the cleanup of ${helper}, a plain helper of ${frame}: its \`finally\` suspends, and the ` +
      "language would then go on after the helper's `yield*` as if nothing had been cancelled. What was " +
      "left of that cleanup was cut. Mark the helper with `coroutine(…)`.",
  );
}

/** Called wherever library code suspends. Whether a helper's cleanup is what suspends: then it goes no further. */
export function caughtReturning(): boolean {
  return current.returning && (current.escape ??= suspendedHelper()) !== null;
}

/**
 * Something suspends during the synchronous part of a `return(TOKEN)`. The stack shows, from the inside out,
 * how it was reached: a built-in `return` frame directly above a generator's own frame, and one only, is the
 * frame's own `finally`. A second one is a helper that was delegated to natively. A built-in `next` in
 * between is a helper called anew by that `finally`, which is fine. Names the innermost such helper, whose
 * `finally` it is, or `null`.
 */
function suspendedHelper(): string | null {
  const sites = callSites();
  const here = sites[1]?.getFileName();
  const isReturnToken = (site: CallSite | undefined): boolean =>
    site?.getFunctionName() === returnToken.name && site.getFileName() === here;
  let helper: string | null = null;
  for (let i = 1; i < sites.length; i++) {
    if (isReturnToken(sites[i])) return null;
    if (!isBuiltIn(sites[i], "return")) continue;
    if (isReturnToken(sites[i + 1])) return helper;
    const inner = sites[i - 1]!;
    helper ??= `${inner.getFunctionName() ?? "(anonymous)"} (${inner.getFileName()}:${inner.getLineNumber()})`;
  }
  return null;
}

/** The one place of the kernel that calls `return(TOKEN)`: where the search of `suspendedHelper` ends. */
export function returnToken(
  generator: Generator<unknown, unknown, unknown>,
): IteratorResult<unknown, unknown> {
  return RETURN.call(generator, TOKEN);
}
