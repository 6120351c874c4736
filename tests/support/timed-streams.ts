/** Streams whose items come at given times, and what a loop makes of them. */
import { sleep } from "cede";
import { iterate, stream, type Source } from "cede/streams";
import { runVirtual, transcript } from "cede/testing";

/** Items that come at given times. */
export const timed = (script: readonly (readonly [at: number, item: string])[]): Source<string> => {
  let last = 0;
  const pauses = script.map(([at, item]) => {
    const pause = at - last;
    last = at;
    return [pause, item] as const;
  });
  return stream(pauses).map(function* ([pause, item]) {
    yield* sleep(pause);
    return item;
  });
};

/** What a stream brings, and when. */
export async function dated(source: Source<unknown>, busy = 0): Promise<readonly string[]> {
  const log = transcript({ tasks: false });
  await runVirtual(function* () {
    const items = yield* iterate(source);
    while (yield* items.next()) {
      log(String(items.value));
      yield* sleep(busy);
    }
    log("end");
  });
  return log.lines;
}
