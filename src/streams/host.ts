/** Promises of sources, which the host has to end. */
import type { Awaitable } from "../kernel/awaitable.ts";
import { coroutine } from "../kernel/coroutine.ts";
import type { Runner } from "../kernel/current.ts";
import { textOf } from "../kernel/errors.ts";
import { report } from "../kernel/report.ts";
import { promiseWait } from "../interop/until.ts";
import { moveOnAfter } from "../structure/timeout.ts";

/** Waits for the host to let go of something, but not for ever. Nothing that comes later is lost. */
export function settled(promise: unknown, what: string, ms: number, task: Runner): Awaitable<void> {
  const release: Release = { promise: Promise.resolve(promise), what, abandoned: false };
  // At once: it is awaited in its turn, and not at all in a task that is abandoned.
  release.promise.then(
    () => {
      if (release.abandoned) report(task, "work-ended", `${what} has been released after all.`);
    },
    (error: unknown) => {
      if (release.abandoned) reportLate(error, `Releasing ${what}`, task);
    },
  );
  return settling(release, ms, task);
}

interface Release {
  readonly promise: Promise<unknown>;
  /** In words: "an async iterator of main#1". */
  readonly what: string;
  /** Whether nobody waits any more, and that was reported. */
  abandoned: boolean;
}

const settling = coroutine(function* release(release: Release, ms: number, task: Runner): Awaitable<void> {
  const { expired } = yield* moveOnAfter(ms, () => promiseWait(release.promise));
  if (!expired) return;
  release.abandoned = true;
  report(task, "work-abandoned", `${release.what} was not released within ${ms} ms, and was left behind.`);
});

export function reportLate(error: unknown, what: string, task: Runner): void {
  report(task, "late-error", `${what} failed: ${textOf(error)}`, { error });
}
