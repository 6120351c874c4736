/** What every executor keeps, on this loop. */
import { inline, type InlineOptions } from "cede/executors";
import * as jobs from "./jobs.ts";
import { suite, type OpenOptions } from "./suite.ts";

suite("inline", <M extends object>({ places, ...options }: OpenOptions = {}) => {
  const more: InlineOptions = places === undefined ? options : { ...options, concurrency: places };
  return inline<M>(jobs as unknown as M, more);
});
