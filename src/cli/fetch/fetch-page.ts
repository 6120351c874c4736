import { call, coroutine, retry, Schedule, timeout, TimeoutError, type Awaitable } from "cede";
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
export const RETRY_DELAYS: Schedule = Schedule.exponential(100, { max: 2000 });

/** One page, to its last byte. It never throws: a page that cannot be had is a page with a reason. */
export const fetchPage = coroutine(function* fetchPage(url: string, options: PageOptions): Awaitable<Page> {
  const target = parseTarget(url);
  if ("reason" in target) {
    return { url, status: null, ms: 0, startMs: round(options.startMs), bytes: 0, error: target.reason };
  }
  const begun = performance.now();
  let attempts = 0;
  let transfer!: Transfer;
  let failure: Failure | undefined;
  const attempt = (number: number): Awaitable<void> => {
    attempts = number;
    transfer = { status: null, statusText: "", bytes: 0, file: undefined };
    return tryOnce(target.url, transfer, options);
  };
  try {
    yield* retry(attempt, {
      schedule: RETRY_DELAYS.limit(options.retries),
      when: (error) => (error as FailedAttempt).failure.transient,
    });
  } catch (error) {
    if (!(error instanceof FailedAttempt)) throw error; // a bug
    failure = error.failure;
  }
  return {
    url,
    status: transfer.status,
    ms: round(performance.now() - begun),
    startMs: round(options.startMs),
    bytes: transfer.bytes,
    ...(failure && { error: failure.reason }),
    ...(attempts > 1 && { retries: attempts - 1 }),
    ...(transfer.file !== undefined && { file: transfer.file }),
  };
});

/** All that an attempt throws. */
class FailedAttempt extends Error {
  override name = "FailedAttempt";
  readonly failure: Failure;

  constructor(failure: Failure) {
    super(failure.reason);
    this.failure = failure;
  }
}

const tryOnce = coroutine(function* tryOnce(
  url: URL,
  transfer: Transfer,
  options: PageOptions,
): Awaitable<void> {
  try {
    // The time-out cancels the call, the call aborts the signal, and fetch lets go of its connection.
    yield* timeout(options.timeoutMs, () =>
      call((signal) => download(url, transfer, { ...options, signal })),
    );
  } catch (error) {
    throw new FailedAttempt(
      error instanceof TimeoutError
        ? { reason: tooSlow(transfer, options.timeoutMs), transient: true }
        : explain(error, url),
    );
  }
  const failure = explainStatus(transfer.status!, transfer.statusText);
  if (failure !== undefined) throw new FailedAttempt(failure);
});

function tooSlow(transfer: Transfer, timeoutMs: number): string {
  const how =
    transfer.status === null
      ? "without an answer"
      : `in the middle of the body, after ${size(transfer.bytes)}`;
  return `timed out after ${duration(timeoutMs)} ${how}`;
}
