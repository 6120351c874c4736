import { spawnSync } from "node:child_process";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { expect, test, vi } from "vitest";
import { examplesCommand } from "../../src/cli/commands/examples.ts";
import { UsageError } from "../../src/cli/usage-error.ts";
import { EXPECTED, printedBy } from "./output.ts";
import { complaints } from "../support/complaints.ts";

/** Calls `cede examples` with these arguments: what it printed, what it complained of, how it ended. */
async function call(...args: string[]): Promise<{ lines: string[]; complaint: string; exitCode: number }> {
  const complaints: string[] = [];
  const complain = vi.spyOn(console, "error").mockImplementation((text: string) => complaints.push(text));
  const before = process.exitCode;
  let exitCode = 0;
  const lines = await printedBy(async () => {
    try {
      await examplesCommand().parseAsync(args, { from: "user" });
      exitCode = Number(process.exitCode ?? 0);
    } catch (error) {
      if (!(error instanceof UsageError)) throw error;
      complaints.push(error.message);
      exitCode = 2;
    }
  });
  complain.mockRestore();
  process.exitCode = before;
  return { lines, complaint: complaints.join("\n"), exitCode };
}

test("cede examples lists the thirteen in plain text that fits a terminal", async () => {
  const { lines, complaint, exitCode } = await call();
  expect({ complaint, exitCode }).toEqual({ complaint: "", exitCode: 0 });
  const rows = lines.flatMap((line) => /^ +(\d+) {2}\S/.exec(line)?.[1] ?? []);
  expect(rows.map(Number)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13]);
  expect(lines).toContain("  12  An event loop             futures, tasks, a sleep, made by hand; it spins");
  expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(80);
  expect(lines.join("")).not.toContain("\u001b");
});

test.each([3, 7, 10])("cede examples %i runs it", async (number) => {
  expect((await call(`${number}`)).lines).toEqual(EXPECTED.get(number));
});

test.each([11, 12, 13])("cede examples %i --clock virtual runs it without waiting", async (number) => {
  expect((await call(`${number}`, "--clock", "virtual")).lines).toEqual(EXPECTED.get(number));
});

test("--clock real is the clock that there is anyway", async () => {
  expect((await call("3", "--clock", "real")).lines).toEqual(EXPECTED.get(3));
});

test.each([
  ["14", 'Cannot run example "14": they are numbered 1 to 13.', "`cede examples` lists them."],
  ["0", 'Cannot run example "0": they are numbered 1 to 13.', "`cede examples` lists them."],
  ["x", 'Cannot run example "x": they are numbered 1 to 13.', "`cede examples` lists them."],
  ["1.5", 'Cannot run example "1.5": they are numbered 1 to 13.', "`cede examples` lists them."],
  [
    "3 --clock virtual",
    "Cannot run example 3 on the virtual clock: it never looks at a clock.",
    "Leave out --clock, or run 11, 12 or 13.",
  ],
  [
    "1 --clock virtual",
    "Cannot run example 1 on the virtual clock: it requests real pages.",
    "Leave out --clock, or run 11, 12 or 13.",
  ],
  [
    "13 --clock sundial",
    'Cannot use the clock "sundial": there is none of that name.',
    "Write --clock virtual, or nothing for the real one.",
  ],
  [
    "--clock virtual",
    "Cannot set a clock for the list: it runs nothing.",
    "Name an example, as in `cede examples 13 --clock virtual`.",
  ],
  [
    "5 http://one.example",
    "Cannot give pages to example 5: it requests none.",
    "Leave out http://one.example, or run 1 or 2.",
  ],
  [
    "1 http://one.example two.example",
    'Cannot request "two.example": not an address: it lacks a scheme, as in https://two.example',
    "Without any address, example 1 requests pages of its own.",
  ],
  [
    "2 ftp://one.example",
    'Cannot request "ftp://one.example": the scheme ftp: cannot be requested, only http: and https: can',
    "Without any address, example 2 requests pages of its own.",
  ],
])("cede examples %s is refused in words that help", async (args, problem, fix) => {
  const refusal = await call(...args.split(" "));
  expect(refusal).toEqual({ lines: [], complaint: `${problem}\n${fix}`, exitCode: 2 });
});

test.each(["1", "2"])("cede examples %s says why a page could not be had", async (number) => {
  // Port 1 is one that `fetch` itself refuses, on any machine.
  expect(await call(number, "http://127.0.0.1:1/")).toEqual({
    lines: [],
    complaint: `Cannot finish example ${number}: fetch refuses port 1, which belongs to another protocol.\n\`cede fetch\` says of each page what is wrong with it, and requests the others all the same.`,
    exitCode: 1,
  });
});

test.each(["1", "2"])(
  "cede examples %s words it as `cede fetch` does, for the page it was",
  async (number) => {
    const server = createServer((_request, answer) => answer.end("a page"));
    const listen = () => new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    await listen();
    const gone = (server.address() as AddressInfo).port;
    await new Promise((resolve) => server.close(resolve));
    await listen();
    const there = (server.address() as AddressInfo).port;
    const urls = [there, gone].map((port) => `http://127.0.0.1:${port}/`);
    const { complaint, exitCode } = await call(number, ...urls);
    server.close();
    server.closeAllConnections();
    expect(exitCode).toBe(1);
    expect(complaint.split("\n")[0]).toBe(
      `Cannot finish example ${number}: nothing listens on 127.0.0.1:${gone}: the connection was refused.`,
    );
  },
);

test("the real command runs an example, and ends with 2 when it is called wrongly", () => {
  const main = join(import.meta.dirname, "../../src/cli/main.ts");
  const cede = (...args: string[]) => {
    const call = ["--conditions=@cede/source", main, "examples", ...args];
    const { stdout, stderr, status } = spawnSync(process.execPath, call, { encoding: "utf8" });
    return { stdout, stderr: complaints(stderr), status };
  };
  const stdout = `${EXPECTED.get(13)?.join("\n")}\n`;
  expect(cede("13", "--clock", "virtual")).toEqual({ stdout, stderr: "", status: 0 });
  const stderr = 'Cannot run example "14": they are numbered 1 to 13.\n`cede examples` lists them.\n';
  expect(cede("14")).toEqual({ stdout: "", stderr, status: 2 });
});
