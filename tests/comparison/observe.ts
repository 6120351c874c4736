/**
 * Runs one program on one system, in a process of its own, and reads what it saw. Its clock jumps, so a limit of real
 * time is only for those that never end.
 */
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import type { Program } from "./programs.ts";
import type { System } from "./systems.ts";

/** What was seen, by name. `null`: the system offers no such thing, so there is no program. */
export type Facts = Readonly<Record<string, string>> | null;

export async function observe(
  { name, listens }: Program,
  { file, command }: System,
  limitMs: number = 5000,
): Promise<Facts> {
  const path = join(import.meta.dirname, "programs", name, file);
  if (!existsSync(path)) return null;
  const { code, stdout, stderr } = await execute(command, path, limitMs);
  const facts: Record<string, string> = {};
  for (const fact of stdout.trim().split("; ")) {
    const colon = fact.indexOf(": ");
    if (colon > 0) facts[fact.slice(0, colon)] = fact.slice(colon + 2);
  }
  if (code !== 0)
    facts["process"] = code === null ? `still ran after ${limitMs / 1000} s` : `exit code ${code}`;
  const said = firstWords(stderr);
  if (listens || (said !== undefined && code !== 0)) facts["said"] = said ?? "nothing";
  return facts;
}

interface Ending {
  /** `null`: it did not end in time. */
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

async function execute(
  [command, ...args]: System["command"],
  path: string,
  timeout: number,
): Promise<Ending> {
  return new Promise((resolve, reject) => {
    const env = { ...process.env, NO_COLOR: "1", NODE_OPTIONS: "" };
    const child = spawn(command, [...args, path], { env, stdio: ["ignore", "pipe", "pipe"], timeout });
    const output = { stdout: "", stderr: "" };
    child.stdout.setEncoding("utf8").on("data", (text: string) => (output.stdout += text));
    child.stderr.setEncoding("utf8").on("data", (text: string) => (output.stderr += text));
    child.on("error", reject);
    child.on("close", (code) => resolve({ code, ...output }));
  });
}

/** The first sentence that is not about a place, without what differs from run to run. */
function firstWords(stderr: string): string | undefined {
  const line = stderr
    .split("\n")
    .find((each) => each.trim() !== "" && !/^(\s|file:|Traceback|node:)/.test(each));
  return line
    ?.replaceAll(/\S+\.(py|js|ts):\d+(:\d+)?:?\s*/g, "")
    .replaceAll(/\d+ ms/g, "… ms")
    .replace(/ at\s*$|(?<=\w)\. .*$/, "")
    .trim();
}
