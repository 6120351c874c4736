// Results as they are printed: in words or as JSON, with the files that were asked for.
import { writeTrace } from "../../testing/explore/trace-file.ts";
import { coloured, plain } from "../render/palette.ts";
import { describeTerminal } from "../render/terminal.ts";
import { writeFiles } from "./files.ts";
import { inJson } from "./json.ts";
import type { ExploreCommandOptions } from "./options.ts";
import type { Result } from "./search.ts";
import { commandFor, inText, summary, type Looks } from "./text.ts";

type Testing = typeof import("cede/testing");

/** How standard output is to look. */
export function looksOf(stdout: NodeJS.WriteStream): Looks {
  const { colour, width } = describeTerminal(stdout);
  return { palette: colour ? coloured : plain, width: stdout.isTTY ? width : Infinity };
}

/** All that a file's tests came to. */
export async function printAll(
  testing: Testing,
  results: readonly Result[],
  options: ExploreCommandOptions,
  noun: string,
): Promise<void> {
  const { stdout } = process;
  const looks = looksOf(stdout);
  const several = results.filter(({ failure }) => failure !== undefined).length > 1;
  for (const [at, result] of results.entries()) {
    const { name, test, failure } = result;
    const trace = (to: string): void => writeTrace(to, failure!.trace, options.seed);
    const written = failure && (await writeFiles(testing, name, failure, options, several, trace));
    const command = failure && commandFor(options.file, test, failure.replay);
    const found = { result, options, command, written };
    if (at > 0 && !options.json) stdout.write("\n");
    for (const line of result.printed ?? []) (options.json ? console.error : console.log)(line);
    stdout.write(options.json ? inJson(found) : inText(found, looks));
  }
  if (!options.json && results.length > 1) stdout.write(summary(results, [], noun));
}
