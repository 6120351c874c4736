import { coroutine, map, type Awaitable } from "cede";
import { fetchPage, type Policy } from "./fetch-page.ts";
import type { Page, Progress } from "./report.ts";
import type { Folder } from "./save.ts";

export interface Job extends Policy {
  /** How many pages at once; 1 is one after another, Infinity all. */
  readonly concurrency: number;
  readonly folder: Folder | undefined;
}

/** The main job: many pages, each reported when it is done. What was done stays in `progress`. */
export const fetchAll = coroutine(function* fetchAll(
  progress: Progress,
  job: Job,
  finished: (page: Page) => void,
): Awaitable<void> {
  const one = coroutine(function* one(url: string, index: number): Awaitable<void> {
    const { folder } = job;
    const page = yield* fetchPage(url, {
      ...job,
      startMs: progress.begin(index),
      save: folder && ((contentType) => folder.create(index, contentType)),
    });
    progress.finish(index, page);
    finished(page);
  });
  yield* map(progress.urls, one, { concurrency: job.concurrency });
  progress.end();
});
