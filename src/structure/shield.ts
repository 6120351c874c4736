import type { Awaitable, Body } from "../kernel/awaitable.ts";
import { Scope } from "../kernel/scope.ts";
import { scoped } from "./scoped.ts";

/**
 * Runs `body` to its end whatever is cancelled outside; a cancellation that came meanwhile is delivered at
 * the next checkpoint after it. Timeouts and scopes inside still work.
 *
 * @example
 * ```ts
 * import { cancelScope, runSync, shield, cede } from "cede";
 *
 * runSync(() =>
 *   cancelScope(function* (scope) {
 *     scope.cancel();
 *     yield* shield(function* () {
 *       yield* cede();
 *       console.log("still here"); // prints: still here
 *     });
 *     yield* cede(); // here it ends
 *   }),
 * );
 * ```
 */
export function shield<T>(body: Body<T>): Awaitable<T> {
  return scoped(() => new Scope(true), body);
}
