/** What every executor keeps, on worker threads. */
import { suite, type OpenOptions } from "./suite.ts";
import { onThreads } from "./on-threads.ts";

suite("threads", <M extends object>({ places, ...options }: OpenOptions = {}) =>
  onThreads<M>("./jobs.ts", {
    ...options,
    ...(places !== undefined && { workers: 1, concurrency: places }),
  }),
);
