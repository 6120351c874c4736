/** What a program did, in lines, for a test to compare with. */
import { runningLoop } from "../index.ts";

/** Call it inside a program to write down a line; read `lines` or the whole text after. */
export interface Transcript {
  /** Notes "time message", the time being that of the running loop, in milliseconds. */
  (message: string): void;
  readonly lines: readonly string[];
  toString(): string;
}

/**
 * A list of what happened and when, for snapshots of programs on a virtual clock.
 *
 * @example
 * ```ts
 * import { EventLoop, sleep } from "cede";
 * import { transcript, VirtualClock } from "cede/testing";
 *
 * const log = transcript();
 * await EventLoop.run(
 *   function* () {
 *     log("begin");
 *     yield* sleep(1000);
 *     log("end");
 *   },
 *   { host: new VirtualClock() },
 * );
 * console.log(`${log}`);
 * // prints: 0 begin
 * // prints: 1000 end
 * ```
 */
export function transcript(): Transcript {
  const lines: string[] = [];
  return Object.assign((message: string) => void lines.push(`${runningLoop().time()} ${message}`), {
    lines,
    toString: () => lines.join("\n"),
  });
}
