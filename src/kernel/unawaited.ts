/**
 * Coroutines that were made and never awaited: a forgotten `yield*` does nothing, in silence. Where calls are recorded,
 * `coroutine` gives a function that remembers what it made, and where; a run that ends tells of what nobody awaited.
 * Calls by the function's own inner name, and functions that were marked after the fact, are not seen.
 */
import { current, type Root } from "./current.ts";
import { describe, isUnawaited } from "./misuse.ts";
import { placeFor, type Place } from "./place.ts";
import { report } from "./report.ts";

/** How many are kept for a run, of those that nobody has awaited so far. */
const KEPT = 1000;

interface Made {
  readonly coroutine: object;
  readonly by: string;
  readonly place: Place | null;
}

const made = new WeakMap<Root, Made[]>();
const dropped = new WeakSet<object>();

/** From here on, what `coroutine` marks is recorded. */
export function recordCalls(): void {
  current.recording = true;
}

/** The function, or one that records what it makes. */
export function recorded<F extends object>(fn: F): F {
  if (!current.recording) return fn;
  return new Proxy(fn, {
    apply(target, self, args: unknown[]) {
      const coroutine = Reflect.apply(target as (...args: unknown[]) => object, self, args);
      remember(coroutine);
      return coroutine;
    },
  });
}

function remember(coroutine: object): void {
  const { task } = current;
  if (task === null) return;
  let list = made.get(task.root);
  if (list === undefined) made.set(task.root, (list = []));
  else if (list.length >= KEPT)
    made.set(task.root, (list = list.filter((one) => isUnawaited(one.coroutine))));
  if (list.length < KEPT) list.push({ coroutine, by: task.name, place: placeFor(task) });
}

/** It was given to something that awaits what it is given, and need not come to it. */
export function handedOver(coroutine: object): void {
  if (current.recording) dropped.add(coroutine);
}

/** A run ends. */
export function reportUnawaited(root: Root): void {
  for (const { coroutine, by, place } of made.get(root) ?? []) {
    if (!isUnawaited(coroutine) || dropped.has(coroutine)) continue;
    const where = place === null ? "" : ` at ${place.text}`;
    const message = `Nobody awaited ${describe(coroutine)}, made by ${by}${where}: did you forget \`yield*\`?`;
    report({ loop: root.loop, name: by, root }, "never-awaited", message);
  }
  made.delete(root);
}
