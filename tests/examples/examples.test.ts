import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { EventLoop } from "../../examples/12-an-event-loop.ts";
import { examples } from "../../examples/index.ts";
import { EXPECTED, printedBy } from "./output.ts";
import { complaints } from "../support/complaints.ts";

const folder = join(import.meta.dirname, "../../examples");

/** The file of an example, by its number. */
function fileOf(number: number): string {
  const [file, ...others] = globSync(`${String(number).padStart(2, "0")}-*.ts`, { cwd: folder });
  if (file === undefined || others.length > 0) throw new Error(`Example ${number} is not one file`);
  return join(folder, file);
}

test("there are thirteen, and each says what it is about in a line of its own", () => {
  expect(examples).toHaveLength(13);
  for (const [index, { title, point }] of examples.entries()) {
    expect(readFileSync(fileOf(index + 1), "utf8")).toMatch(`// Example ${index + 1}: `);
    expect(`${title}\n${point}`.split("\n")).toHaveLength(2);
  }
});

test.each([...EXPECTED])("example %i prints what the article's prints", async (number, lines) => {
  const run = async () => examples[number - 1]?.run({ pages: [], clock: "virtual" });
  expect(await printedBy(run)).toEqual(lines);
});

test.each([11, 12, 13])("example %i prints the same when it is run once more", async (number) => {
  const run = async () => examples[number - 1]?.run({ pages: [], clock: "virtual" });
  expect(await printedBy(run)).toEqual(await printedBy(run));
});

test.each([3, 4, 5, 6, 7, 8, 9, 10, 11])("example %i runs itself as a program", async (number) => {
  const { stdout, stderr } = await promisify(execFile)(process.execPath, [
    "--conditions=@cede/source",
    fileOf(number),
  ]);
  expect(complaints(stderr)).toBe("");
  expect(stdout).toBe(`${EXPECTED.get(number)?.join("\n")}\n`);
});

test("an example whose output nobody reads any more ends without a word", async () => {
  const child = spawn(process.execPath, ["--conditions=@cede/source", fileOf(13)]);
  let stderr = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => (stderr += text));
  child.stdout.once("data", () => child.stdout.destroy());
  await once(child, "close");
  expect(complaints(stderr)).toBe("");
});

test.each([3, 4, 5, 6, 7, 8, 9, 10, 12])("example %i stands on the language alone", (number) => {
  const imports = readFileSync(fileOf(number), "utf8").match(/\b(?:from|import|require)\b\s*\(?\s*["'].*/g);
  expect(imports).toEqual(['from "./support/is-program.ts";']);
});

test("in example 12 a coroutine that another one awaits is driven from two places", () => {
  expect(roundsOfTen({ awaited: false })).toBe(10);
  expect(roundsOfTen({ awaited: true })).toBe(5);
});

/** How many rounds of example 12's loop it takes to ask a coroutine ten times. */
function roundsOfTen({ awaited }: { awaited: boolean }): number {
  const loop = new EventLoop();
  let rounds = 0;
  function* ten(): Generator<undefined, void> {
    for (let turn = 0; turn < 10; turn += 1) yield;
  }
  const task = loop.createTask(ten());
  function* watch(): Generator<undefined, void> {
    for (; !task.finished; yield) rounds += 1;
  }
  function* wait(): Generator<undefined, void> {
    yield* task;
  }
  loop.createTask(watch());
  if (awaited) loop.createTask(wait());
  loop.runUntilComplete();
  return rounds;
}
