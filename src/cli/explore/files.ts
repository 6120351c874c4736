// What is written of a failure: its picture and its trace.
import { writeFileSync } from "node:fs";
import { format, parse } from "node:path";
import type { ExploreFailure } from "cede/testing";
import { printable } from "../render/text.ts";
import type { ExploreCommandOptions } from "./options.ts";

export interface Files {
  readonly svg?: string;
  readonly trace?: string;
}

/** Writes what was asked for, and gives back the names. What fails is told on standard error: the failure counts more. */
export async function writeFiles(
  { picture }: typeof import("cede/testing"),
  name: string,
  failure: ExploreFailure,
  options: ExploreCommandOptions,
  several: boolean,
  trace: (file: string) => unknown,
): Promise<Files> {
  const written: { svg?: string; trace?: string } = {};
  for (const kind of ["svg", "trace"] as const) {
    const asked = options[kind];
    if (asked === undefined) continue;
    const file = several ? named(asked, name) : asked;
    try {
      if (kind === "svg") writeFileSync(file, `${picture(failure)}\n`);
      else await trace(file);
      written[kind] = file;
    } catch (error) {
      console.error(
        `Cannot write ${printable(file)}: ${error instanceof Error ? error.message : String(error)}`,
      );
    }
  }
  return written;
}

/** `race.svg` becomes `race-transfer.svg`. */
function named(file: string, program: string): string {
  const { base: _base, name, ...rest } = parse(file);
  return format({ ...rest, name: `${name}-${program.replaceAll(/[^\w$]/g, "_")}` });
}
