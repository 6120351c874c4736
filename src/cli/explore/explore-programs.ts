import { Interrupted, withInterruption } from "../interruption.ts";
import { describeTerminal } from "../render/terminal.ts";
import { printable } from "../render/text.ts";
import { UsageError } from "../usage-error.ts";
import { writeFiles } from "./files.ts";
import { inJson } from "./json.ts";
import type { ExploreCommandOptions } from "./options.ts";
import { looksOf } from "./print.ts";
import { choose, loadPrograms, testingOf, type Program } from "./programs.ts";
import { again, search, silently, type Progress, type Result } from "./search.ts";
import { commandFor, inText, summary } from "./text.ts";

/** The job from options to exit code. */
export async function explorePrograms(options: ExploreCommandOptions): Promise<number> {
  const { file, json } = options;
  const testing = await testingOf(file);
  const all = await loadPrograms(file);
  const programs = choose(all, file, options.only);
  if (options.replay !== undefined && programs.length > 1) {
    const names = programs.map(({ name }) => name);
    throw new UsageError(
      `Cannot replay: ${printable(file)} exports ${names.length} programs.`,
      `Say which one: --only ${names.join(", or --only ")}.`,
    );
  }
  if (options.only === undefined) {
    for (const passed of all.passedOver) console.error(`Passed over ${passed}.`);
  }
  return withInterruption(async (signal) => {
    const { stdout } = process;
    const looks = looksOf(stdout);
    const results: Result[] = [];
    for (const program of programs) {
      if (signal.aborted) break;
      const result = await explored(testing, program, options, signal);
      const { failure } = result;
      // It is `replay` that knows the form of a trace file.
      const trace = (to: string): Promise<unknown> =>
        silently(() => testing.replay(program.main, failure!.replay, { throws: false, trace: to }));
      const several = programs.length > 1;
      const written = failure && (await writeFiles(testing, program.name, failure, options, several, trace));
      const command = failure && commandFor(file, program.name, failure.replay);
      const found = { result, options, command, written };
      if (results.length > 0 && !json) stdout.write("\n");
      stdout.write(json ? inJson(found) : inText(found, looks));
      results.push(result);
    }
    const left = programs.slice(results.length).map(({ name }) => name);
    if (!json && programs.length > 1) stdout.write(summary(results, left));
    if (signal.aborted) return (signal.reason as Interrupted).exitCode;
    return results.some(({ failure }) => failure !== undefined) ? 1 : 0;
  });
}

async function explored(
  testing: typeof import("cede/testing"),
  program: Program,
  options: ExploreCommandOptions,
  signal: AbortSignal,
): Promise<Result> {
  if (options.replay !== undefined) {
    try {
      return await again(testing, program, options.replay, options.json);
    } catch (error) {
      // The string does not fit, or is none. Of the program's own errors none comes this way: they are in the result.
      const { message } = error as Error;
      if (!message.startsWith("Cannot replay")) throw error;
      throw new UsageError(
        message,
        `As in: cede explore ${printable(options.file)} --only ${printable(program.name)}`,
      );
    }
  }
  const progress: Progress = { name: program.name, begun: performance.now(), schedules: 0 };
  const hide = await show(progress);
  try {
    return await search(testing, program, options, progress, signal);
  } finally {
    hide();
  }
}

/** A line on standard error, where somebody watches it. */
async function show(progress: Progress): Promise<() => void> {
  const { stderr } = process;
  if (!describeTerminal(stderr).animated) return () => {};
  const { showProgress } = await import("./live-progress.ts");
  return showProgress(stderr, progress);
}
