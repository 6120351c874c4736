/** A body in a frame and a scope of its own: what every function of this folder is made of. */
import { Lazy, type Awaitable } from "../kernel/awaitable.ts";
import { current } from "../kernel/current.ts";
import { Frame } from "../kernel/frame.ts";
import { describe } from "../kernel/misuse.ts";
import { markMade, placeFor } from "../kernel/place.ts";
import type { Scope } from "../kernel/scope.ts";
import { boundCleanup, checkCleanupTimeout, type ScopeOptions } from "./cleanup-timeout.ts";

/** Runs `body` in the scope that `make` makes, anew each time it is awaited. @throws TypeError, RangeError */
export function scoped<S extends Scope, T, R = T>(
  make: () => S,
  body: (scope: S) => Awaitable<T>,
  options: ScopeOptions = {},
): Awaitable<R> {
  if (typeof body !== "function") {
    throw new TypeError(
      `Cannot run ${describe(body)} as a body: a body is a function that returns what is awaited. Write ` +
        "`() => …`, or `function* () { … }`.",
    );
  }
  checkCleanupTimeout(options);
  const made = placeFor(current.task);
  return new Lazy(() => {
    const scope = make();
    markMade(scope, made);
    scope.body = body;
    boundCleanup(scope, options);
    const frame = new Frame<T>(() => body(scope), scope);
    frame.exits = scope;
    // A scope may give another value than its body: see its `leave`.
    return frame as unknown as Frame<R>;
  });
}
