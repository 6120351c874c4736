/** Executors on threads, as tests start them: TypeScript as it is, and the library's source. */
import type { Awaitable } from "cede";
import { threads, type Jobs, type ThreadsOptions } from "cede/executors";

export const SOURCE: readonly string[] = ["--conditions=@cede/source"];

/** On two threads unless told otherwise. `file`: beside this one. */
export function onThreads<M extends object>(file: string, options: ThreadsOptions = {}): Awaitable<Jobs<M>> {
  return threads<M>(new URL(file, import.meta.url), { workers: 2, execArgv: SOURCE, ...options });
}
