/** What a program did, in lines, for a test to compare with. */
import { currentTask, runningLoop } from "../index.ts";

/** Call it inside a program to write down a line; read `lines` or the whole text after. */
export interface Transcript {
  /** Notes "time task message", the time being that of the running loop, in milliseconds. */
  (message: string): void;
  readonly lines: readonly string[];
  toString(): string;
}

/** What a transcript notes. */
export interface TranscriptOptions {
  /** Whether each line names its task; true unless given. Without: "time message". */
  tasks?: boolean;
}

/**
 * A list of what happened, when, and in which task, for snapshots of programs in virtual time.
 *
 * @example
 * ```ts
 * import { createTask, sleep } from "cede";
 * import { runTest, transcript } from "cede/testing";
 *
 * const log = transcript();
 * await runTest(function* () {
 *   const tea = createTask(function* tea() {
 *     yield* sleep(180_000);
 *     log("is ready");
 *   });
 *   log("waits");
 *   yield* tea;
 *   log("drinks");
 * });
 * console.log(`${log}`);
 * // prints: 0 main#1 waits
 * // prints: 180000 tea#2 is ready
 * // prints: 180000 main#1 drinks
 * ```
 */
export function transcript({ tasks = true }: TranscriptOptions = {}): Transcript {
  const lines: string[] = [];
  const note = (message: string): void => {
    const task = tasks ? `${currentTask()?.name} ` : "";
    lines.push(`${runningLoop().time()} ${task}${message}`);
  };
  return Object.assign(note, { lines, toString: () => lines.join("\n") });
}
