import { call, coroutine, sleep, timeout, TimeoutError, type Awaitable } from "cede";
import { duration, size } from "../render/units.ts";
import { download, type Transfer } from "./download.ts";
import { explain, explainStatus, type Failure } from "./reasons.ts";
import { round, type Page } from "./report.ts";
import type { Save } from "./save.ts";
import { parseTarget } from "./target.ts";

export interface Policy {
  readonly timeoutMs: number;
  readonly retries: number;
  readonly maxBytes: number;
}

export interface PageOptions extends Policy {
  readonly startMs: number;
  readonly save: ((contentType: string) => Promise<Save>) | undefined;
}

/** 100 ms, 200 ms, 400 ms … and never more than 2 s. */
export function retryDelay(attempt: number): number {
  return Math.min(100 * 2 ** attempt, 2000);
}

/** One page, to its last byte. It never throws: a page that cannot be had is a page with a reason. */
export const fetchPage = coroutine(function* fetchPage(url: string, options: PageOptions): Awaitable<Page> {
  const target = parseTarget(url);
  if ("reason" in target) {
    return { url, status: null, ms: 0, startMs: round(options.startMs), bytes: 0, error: target.reason };
  }
  const begun = performance.now();
  for (let attempt = 0; ; attempt++) {
    const transfer: Transfer = { status: null, statusText: "", bytes: 0, file: undefined };
    const failure = yield* tryOnce(target.url, transfer, options);
    if (failure === undefined || !failure.transient || attempt === options.retries) {
      return {
        url,
        status: transfer.status,
        ms: round(performance.now() - begun),
        startMs: round(options.startMs),
        bytes: transfer.bytes,
        ...(failure && { error: failure.reason }),
        ...(attempt > 0 && { retries: attempt }),
        ...(transfer.file !== undefined && { file: transfer.file }),
      };
    }
    yield* sleep(retryDelay(attempt));
  }
});

const tryOnce = coroutine(function* tryOnce(
  url: URL,
  transfer: Transfer,
  options: PageOptions,
): Awaitable<Failure | undefined> {
  try {
    // The time-out cancels the call, the call aborts the signal, and fetch lets go of its connection.
    yield* timeout(options.timeoutMs, () =>
      call((signal) => download(url, transfer, { ...options, signal })),
    );
  } catch (error) {
    return error instanceof TimeoutError
      ? { reason: tooSlow(transfer, options.timeoutMs), transient: true }
      : explain(error, url);
  }
  return explainStatus(transfer.status!, transfer.statusText);
});

function tooSlow(transfer: Transfer, timeoutMs: number): string {
  const how =
    transfer.status === null
      ? "without an answer"
      : `in the middle of the body, after ${size(transfer.bytes)}`;
  return `timed out after ${duration(timeoutMs)} ${how}`;
}
