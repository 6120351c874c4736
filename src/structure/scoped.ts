/** A body in a frame and a scope of its own: what every function of this folder is made of. */
import type { Awaitable } from "../kernel/awaitable.ts";
import { Frame } from "../kernel/frame.ts";
import type { Scope } from "../kernel/scope.ts";

/** Runs `body` in the scope that `make` makes, anew each time it is awaited. */
export function scoped<S extends Scope, T, R = T>(
  make: () => S,
  body: (scope: S) => Awaitable<T>,
): Awaitable<R> {
  return {
    [Symbol.iterator]() {
      const scope = make();
      const frame = new Frame<T>(() => body(scope), scope);
      frame.exits = scope;
      // A scope may give another value than its body: see its `leave`.
      return frame as unknown as Frame<R>;
    },
  };
}
