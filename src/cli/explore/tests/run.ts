// One run of a runner on one file.
import { spawn } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { UNDER_WAY, VARIABLE, type Asked, type ToldTest } from "../../../testing/explored-test/asked.ts";
import type { Outcomes, Runner } from "./runner.ts";
import { notInstalled } from "./runners.ts";

export interface Ran {
  readonly file: string;
  readonly code: number;
  /** What it has printed, of both outputs. */
  readonly output: string;
  readonly outcomes: Outcomes | undefined;
  /** What calls of `runTest` have told, in order. */
  readonly told: readonly ToldTest[];
}

/** How long it may take to clean up when it is to stop, in milliseconds. */
const STOPPING_MS = 3000;

/** Without `asked`, the tests run as they do without this command. */
export async function runOn(
  { command, args, cwd, env, outcomes }: Runner,
  file: string,
  folder: string,
  asked: Asked | undefined,
  signal: AbortSignal,
): Promise<Ran> {
  const { NODE_TEST_CONTEXT: _, CEDE_SEED: __, FORCE_COLOR: ___, ...own } = process.env;
  const child = spawn(command, args, {
    cwd,
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...own, NO_COLOR: "1", ...env, [VARIABLE]: asked === undefined ? "" : JSON.stringify(asked) },
  });
  let output = "";
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding("utf8").on("data", (text: string) => (output = (output + text).slice(-MOST)));
  const stop = (): void => {
    child.kill("SIGINT");
    setTimeout(() => child.kill("SIGKILL"), STOPPING_MS).unref();
  };
  signal.addEventListener("abort", stop);
  try {
    const code = await new Promise<number>((resolve, reject) => {
      child.on("error", reject).on("close", (exit) => resolve(exit ?? 1));
    });
    const told = asked === undefined ? [] : toldIn(folder);
    return { file, code, output, outcomes: outcomes(), told };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
    throw notInstalled(command, file, "https://bun.com/docs/installation");
  } finally {
    signal.removeEventListener("abort", stop);
  }
}

/** Of a runner that prints without end, the last. */
const MOST = 100_000;

function toldIn(folder: string): ToldTest[] {
  return toldFiles(folder, ".json", UNDER_WAY).map(
    (name) => JSON.parse(readFileSync(join(folder, name), "utf8")) as ToldTest,
  );
}

/** Their names begin with the process and the number of the call in it. */
export function toldFiles(folder: string, ...ends: readonly string[]): string[] {
  return readdirSync(folder)
    .filter((name) => ends.some((end) => name.endsWith(end)))
    .sort();
}
