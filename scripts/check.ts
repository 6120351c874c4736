// The gate: runs every `check:…` script of package.json, in the order they stand there, and says of each
// whether it holds and how long that took. What a failing part printed is shown, without its lines on what
// passed: thousands of them would stand before the one that matters.
//
//   npm run check                    all of them
//   npm run check -- lint types      only these
//
// The last line sums up the tests of all runs, in words that a machine reads too.
import { spawn } from "node:child_process";
import { join } from "node:path";
import { stripVTControlCharacters, styleText } from "node:util";
import manifest from "../package.json" with { type: "json" };
import "./compile-cache.ts";

const root = join(import.meta.dirname, "..");
const PREFIX = "check:";
const parts = Object.keys(manifest.scripts).flatMap((name) =>
  name.startsWith(PREFIX) ? [name.slice(PREFIX.length)] : [],
);
const wanted = process.argv.slice(2);
const unknown = wanted.filter((name) => !parts.includes(name));
if (unknown.length > 0) {
  console.error(`No part of the check is called ${unknown.join(", ")}. There are: ${parts.join(", ")}`);
  process.exit(2);
}

const started = performance.now();
const total = { passed: 0, failed: 0, skipped: 0 };
const failed: string[] = [];
for (const part of wanted.length > 0 ? parts.filter((name) => wanted.includes(name)) : parts)
  await check(part);

const seconds = secondsSince(started);
if (failed.length === 0) console.log(`\nAll is well, after ${seconds}.`);
else
  console.log(`\n${failed.join(", ")} failed, after ${seconds}. Alone: npm run check -- ${failed.join(" ")}`);
console.log(`${total.passed} passed, ${total.failed} failed, ${total.skipped} skipped`);
process.exitCode = failed.length > 0 ? 1 : 0;

async function check(part: string): Promise<void> {
  const start = performance.now();
  // The longest part takes a minute; where somebody watches, its name stands there meanwhile.
  if (process.stdout.isTTY) process.stdout.write(`...  ${part}`);
  const { code, output } = await run(PREFIX + part);
  const holds = code === 0;
  if (!holds) failed.push(part);
  for (const [, passed, failures, skipped] of output.matchAll(
    /^(\d+) passed, (\d+) failed(?:, (\d+) skipped)?$/gm,
  )) {
    total.passed += Number(passed);
    total.failed += Number(failures);
    total.skipped += Number(skipped ?? 0);
  }
  const mark = holds ? styleText("green", "ok  ") : styleText("red", "FAIL");
  if (process.stdout.isTTY) process.stdout.write("\r\x1b[K");
  const lastLine = holds ? (output.trimEnd().split("\n").at(-1) ?? "") : "";
  console.log(
    `${mark} ${part.padEnd(14)} ${secondsSince(start).padStart(7)}   ${styleText("dim", lastLine)}`,
  );
  if (!holds) console.log(`\n${withoutPassed(output).trim().replaceAll(/^/gm, "     ")}\n`);
}

/** Runs a script of package.json as npm would, without npm's start. */
async function run(script: string): Promise<{ code: number | null; output: string }> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, ["--run", script], {
      cwd: root,
      stdio: ["ignore", "pipe", "pipe"],
    });
    let output = "";
    const collect = (text: string): void => void (output += text);
    child.stdout.setEncoding("utf8").on("data", collect);
    child.stderr.setEncoding("utf8").on("data", collect);
    child.on("error", reject);
    child.on("close", (code) => resolve({ code, output: stripVTControlCharacters(output) }));
  });
}

function withoutPassed(output: string): string {
  return output.replaceAll(/^ *✓.*\n/gm, "");
}

function secondsSince(start: number): string {
  return `${((performance.now() - start) / 1000).toFixed(1)} s`;
}
