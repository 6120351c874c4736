/** Groups that start a server, which says when it is ready. */
import { coroutine, sleep, taskGroup, type Awaitable, type Ready, type TaskGroup } from "cede";
import { runVirtual, transcript } from "cede/testing";
import type { Log } from "./small.ts";

/** Is ready after `ms`, serves for a while, and cleans up. */
export const server = coroutine(function* server(
  log: Log,
  ready: Ready<string>,
  ms: number,
  life: number = Infinity,
): Awaitable<void> {
  try {
    yield* sleep(ms);
    ready("port 80");
    yield* sleep(life);
  } finally {
    yield* sleep(2);
    log("the server cleaned up");
  }
});

/** What was done in a group, and when; the last line is its outcome. */
export async function lines(
  body: (group: TaskGroup, log: Log) => Awaitable<unknown>,
): Promise<readonly string[]> {
  const log = transcript({ tasks: false });
  const noted: Log = (line) => log(line.replaceAll(/#\d+/g, ""));
  await runVirtual(function* () {
    try {
      noted(`gives ${String(yield* taskGroup((group) => body(group, noted)))}`);
    } catch (error) {
      noted(String(error));
    }
  });
  return log.lines;
}

export const later = coroutine(function* later(ms: number, then: () => void): Awaitable<void> {
  yield* sleep(ms);
  then();
});
