/**
 * What surrounds the code that runs: the values of context variables, and the context that the host keeps
 * for asynchronous code. A task and a callback carry what surrounded the place where they were made, and
 * are resumed inside it.
 *
 * A program that uses neither has none: every task carries `null`, and a step costs one comparison.
 */
import { current, type Context, type LoopPort } from "./current.ts";
import type { HostContext, HostContexts } from "./host.ts";

/** Something that is run inside its context. */
interface Surrounded {
  readonly context: Context | null;
  readonly loop: LoopPort;
  step(): boolean;
}

/** Between steps, once the host's contexts are in use: whoever woke the loop, and that is nobody's. */
const ELSEWHERE: Context = { values: null, host: null };

/** What surrounds the loop's own work. */
export function outermost(contexts: HostContexts | null): Context | null {
  return contexts !== null && contexts.inUse ? ELSEWHERE : null;
}

/** The host's contexts are in use from here on: whatever surrounds this step may not surround the next. */
export function beginUse(): void {
  current.context ??= ELSEWHERE;
}

export function makeContext(
  values: ReadonlyMap<object, unknown> | null,
  host: HostContext | null,
): Context | null {
  return values === null && host === null ? null : { values, host };
}

/** The context of the code that runs now, for what it makes. */
export function surrounding(contexts: HostContexts | null): Context | null {
  const { task } = current;
  const context = task === null ? current.context : task.context;
  if (contexts === null || (task !== null && !contexts.inUse)) return context;
  return makeContext(context === null ? null : context.values, contexts.capture());
}

/** A step that is not in its context yet. */
export function stepInside(runnable: Surrounded): boolean {
  const outer = current.context;
  const { contexts } = runnable.loop;
  const { context } = runnable;
  current.context = context;
  try {
    let host = context === null ? null : context.host;
    if (host === null && contexts !== null && contexts.inUse) host = contexts.empty;
    return host === null ? runnable.step() : host.enter(runnable);
  } finally {
    current.context = outer;
  }
}
