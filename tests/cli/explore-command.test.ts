// `cede explore`, as a process of its own.
import { spawn, type ChildProcess } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { parseOptions, type RawOptions } from "../../src/cli/explore/options.ts";
import { notImported } from "../../src/cli/explore/programs.ts";
import { harmless, jsonLine } from "../../src/cli/render/text.ts";
import { UsageError } from "../../src/cli/usage-error.ts";
import { INSIDE_REPOSITORY, sharedFolder } from "../support/temporary-folder.ts";

const ROOT = join(import.meta.dirname, "../..");
const MAIN = join(ROOT, "src/cli/main.ts");

let folder: string;
sharedFolder((made) => {
  folder = made;
  for (const [name, text] of Object.entries(FILES)) writeFileSync(join(folder, name), text);
}, INSIDE_REPOSITORY);

const FILES = {
  "bank.ts": `
    import { sleep, taskGroup } from "cede";
    import { watch } from "cede/testing";

    export function* transfer() {
      console.log("the program prints");
      const account = watch({ balance: 100 }, "account");
      yield* taskGroup(function* (group) {
        for (const amount of [10, 20]) {
          group.createTask(function* deposit() {
            const { balance } = account;
            yield* sleep(10);
            account.balance = balance + amount;
          });
        }
      });
      if (account.balance !== 130) throw new Error("The balance is " + account.balance + ", not 130.");
    }

    export default function* () {
      yield;
    }

    export const LIMIT: number = 3;
    export function deposit(amount: number) {
      return amount;
    }
    export class Account {}
    export async function old() {}
  `,
  "endless.mjs": `
    import { taskGroup } from "cede";

    export function* first() {
      throw new Error("at once");
    }
    export function* second() {
      yield* taskGroup(function* (group) {
        for (let task = 0; task < 8; task++) {
          group.createTask(function* () {
            for (let step = 0; step < 20; step++) yield;
          });
        }
      });
    }
    export function* third() {
      yield;
    }
  `,
  "none.ts": "export const answer = 42;",
  "broken.ts": "throw new Error('not today');",
};

interface Ended {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

interface Options {
  readonly env?: Record<string, string>;
  readonly onOutput?: (out: string, child: ChildProcess) => void;
}

function cede(args: readonly string[], { env, onOutput }: Options = {}): Promise<Ended> {
  const child = spawn(process.execPath, ["--conditions=@cede/source", MAIN, "explore", ...args], {
    cwd: folder,
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...process.env, NO_COLOR: "", FORCE_COLOR: "0", NODE_NO_WARNINGS: "1", ...env },
  });
  return new Promise((resolve, reject) => {
    let out = "";
    let err = "";
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      out += text;
      onOutput?.(out, child);
    });
    child.stderr.setEncoding("utf8").on("data", (text: string) => (err += text));
    child.on("error", reject).on("close", (code) => resolve({ code, out, err }));
  });
}

describe("in a pipe", () => {
  test("a program that fails: its error, its steps, and the command to run it again", async () => {
    const { code, out, err } = await cede(["bank.ts", "--only", "transfer"]);
    expect({ code, err }).toEqual({ code: 1, err: "" });
    expect(out).toMatch(
      /^transfer: fails in the \d+(st|nd|rd|th) schedule \(seed 1\)\n\n {2}Error: The balance is 1[12]0/,
    );
    expect(out).toMatch(/^ {6}at transfer \(bank\.ts:17:\d+\)$/m);
    expect(out).toMatch(/^ {2}step {3}main#1 +deposit#\d +deposit#\d$/m);
    expect(out).toMatch(/^ {5}2 +account\.balance is 100$/m);
    expect(out).toMatch(
      /\n\nTo run it again:\n {2}cede explore bank\.ts --only transfer --replay '1:[^']*'\n$/,
    );
    expect(out).not.toContain("\u001b");
    expect(out).not.toContain("the program prints");
  });

  test("that command fails in the same way, and shows what the program prints", async () => {
    const { out } = await cede(["bank.ts", "--only", "transfer"]);
    const [, string] = /--replay '(.*)'/.exec(out)!;
    const again = await cede(["bank.ts", "--only", "transfer", "--replay", string!]);
    expect(again.code).toBe(1);
    expect(again.out).toMatch(/^the program prints\ntransfer: fails in this schedule\n/);
    const table = (text: string): string => /^ {2}step[^]*?\n(?=To run|\n|$)/m.exec(text)![0];
    expect(table(again.out)).toBe(table(out));
  });

  test("a program that does not, named after its file; and what is no program is passed over", async () => {
    const { code, out, err } = await cede(["bank.ts", "--budget", "500"]);
    expect(code).toBe(1);
    expect(out).toMatch(/^bank: no failure in [\d,]+ schedules? \([^)]+\)\n\ntransfer: fails/);
    expect(out).toMatch(/\n\n2 programs, 1 failed\n$/);
    expect(err.split("\n")).toEqual([
      "Passed over Account, which is a class.",
      "Passed over LIMIT, which is no function.",
      "Passed over deposit, which takes a parameter.",
      "Passed over old, which is async: write function* instead.",
      "",
    ]);
    expect(await cede(["bank.ts", "--only", "bank"])).toMatchObject({ code: 0, err: "" });
  });

  test("a search that did not get through says what is left", async () => {
    const { code, out } = await cede(["endless.mjs", "--only", "second", "--budget", "20"]);
    expect(code).toBe(0);
    expect(out).toMatch(/^second: no failure in 20 schedules\n {2}not searched: orders beyond the budget\n/);
  });

  test("--json prints an object a program, and nothing else", async () => {
    const { code, out } = await cede(["bank.ts", "--json", "--seed", "5"]);
    expect(code).toBe(1);
    const [bank, transfer, ...rest] = out.split("\n").map((line) => (line === "" ? null : JSON.parse(line)));
    expect(rest).toEqual([null]);
    expect(bank).toEqual({
      program: "bank",
      failed: false,
      schedules: expect.any(Number),
      exhausted: true,
      orders: 1,
      notSearched: [],
      stopped: false,
      seed: 5,
    });
    expect(transfer).toMatchObject({
      program: "transfer",
      failed: true,
      failure: {
        error: { name: "Error", message: expect.stringContaining("not 130") },
        schedule: expect.any(Number),
        command: `cede explore bank.ts --only transfer --replay '${transfer.failure.replay}'`,
      },
    });
    expect(transfer.failure.steps[0]).toMatchObject({ number: 1, time: 0, task: "main#1", outOfTurn: false });
    const again = await cede([
      "bank.ts",
      "--json",
      "--only",
      "transfer",
      "--replay",
      transfer.failure.replay,
    ]);
    expect(again).toMatchObject({ code: 1, err: "the program prints\n" });
    expect(JSON.parse(again.out).failure.steps).toEqual(transfer.failure.steps);
  });

  test("--svg and --trace write files; with several programs, the name is in theirs", async () => {
    const files = ["--svg", "race.svg", "--trace", "race.cedetrace"];
    const { out } = await cede(["bank.ts", "--only", "transfer", ...files]);
    expect(out).toMatch(/\nWrote race\.svg\nWrote race\.cedetrace\n$/);
    expect(readFileSync(join(folder, "race.svg"), "utf8")).toMatch(
      /^<svg [^]*account\.balance[^]*<\/svg>\n$/,
    );
    const [header, ...events] = readFileSync(join(folder, "race.cedetrace"), "utf8").trim().split("\n");
    expect(JSON.parse(header!)).toMatchObject({ type: "trace", version: 1 });
    expect(JSON.parse(events.at(-1)!)).toMatchObject({ type: "done", outcome: "error" });
    const waits = events
      .map((event) => JSON.parse(event) as { type: string; kind: string; place: string })
      .filter(({ type }) => type === "wait")
      .map(({ kind, place }) => `${kind} ${/[^/]*:\d+(?=:\d+$)/.exec(place)?.[0]}`);
    expect(waits).toEqual(["group bank.ts:8", "sleep bank.ts:12", "sleep bank.ts:12"]);
    expect((await cede(["bank.ts", ...files])).out).toContain(
      "Wrote race-transfer.svg\nWrote race-transfer.cedetrace",
    );
    expect(existsSync(join(folder, "race-bank.svg"))).toBe(false);
  });

  test("colours are there when asked for", async () => {
    const { out } = await cede(["bank.ts", "--only", "bank"], { env: { FORCE_COLOR: "1" } });
    expect(out).toContain("\u001b[1mbank\u001b[");
    const none = await cede(["bank.ts", "--only", "bank"], { env: { FORCE_COLOR: "1", NO_COLOR: "1" } });
    expect(none.out).not.toContain("\u001b");
  });
});

test("docs/cede-explore.md shows what the command prints", async () => {
  const page = readFileSync(join(ROOT, "docs/cede-explore.md"), "utf8");
  const [program, tests] = blocks(page, "ts");
  const [shown, ofTests, help] = blocks(page, "text");
  writeFileSync(join(folder, "race.ts"), program!);
  const { out } = await cede(["race.ts", "--svg", "race.svg"]);
  // How many schedules there are, and which one is found first, may change with the strategies.
  const steady = (text: string): string =>
    text.trim().replaceAll(/\d+(?= schedules)|(?<=in the )\S+(?= schedule)|(?<=--replay ')[^']*/g, "…");
  expect(steady(out)).toBe(steady(shown!));
  writeFileSync(join(folder, "bank.test.ts"), tests!);
  expect(steady((await cede(["bank.test.ts"])).out)).toBe(steady(ofTests!));
  expect((await cede(["--help"])).out).toContain(help);
});

function blocks(page: string, language: string): string[] {
  return [...page.matchAll(new RegExp(`^\`\`\`${language}\\n([^]*?)^\`\`\`$`, "gm"))].map(
    ([, block]) => block!,
  );
}

test("Ctrl-C ends the search, with what was done until then", async () => {
  let asked = false;
  const { code, out } = await cede(["endless.mjs", "--budget", "10m"], {
    // The first one has failed, so the second is under way, for longer than anybody waits.
    onOutput(text, child) {
      if (asked || !text.includes("To run it again")) return;
      asked = child.kill("SIGINT");
    },
  });
  expect(code).toBe(130);
  expect(out).toMatch(/\nsecond: stopped, no failure in [\d,]+ schedules? until then\n/);
  expect(out).toMatch(/\n2 programs, 1 failed; not begun: third\n$/);
});

test.each<[string[], string]>([
  [
    ["nowhere.ts"],
    "Cannot explore nowhere.ts: there is no such file.\nName a module that exports programs, as in `cede explore race.ts`.\n",
  ],
  [
    ["endless.mjs", "--only", "fourth"],
    'Cannot explore "fourth": endless.mjs exports no program of that name.\nIts programs: first, second, third.\n',
  ],
  [
    ["endless.mjs", "--replay", "1::0:1:d"],
    "Cannot replay: endless.mjs exports 3 programs.\nSay which one: --only first, or --only second, or --only third.\n",
  ],
  [
    ["endless.mjs", "--only", "third", "--replay", "1:x"],
    'Cannot replay "1:x": it is no replay string. Paste the whole of what `explore` printed, as in "1:7.3:0:31:k3f2".\n' +
      "As in: cede explore endless.mjs --only third\n",
  ],
])("explore %j is refused in words that help", async (args, err) => {
  expect(await cede(args)).toEqual({ code: 2, out: "", err });
});

test("a file without a program, or that cannot be imported, is refused", async () => {
  const none = await cede(["none.ts"]);
  expect(none).toMatchObject({ code: 2, out: "" });
  expect(none.err).toMatch(
    /^Cannot explore none\.ts: it exports no program, but answer, which is no function\.\nA program is/,
  );
  expect(none.err).toContain("  export function* transfer() {");
  const broken = await cede(["broken.ts"]);
  expect(broken).toMatchObject({ code: 2, out: "" });
  expect(broken.err).toMatch(/^Cannot explore broken\.ts: importing it failed\.\nError: not today\n {4}at /);
});

test.each([
  [
    "ERR_UNKNOWN_FILE_EXTENSION",
    'Unknown file extension ".ts" for /a.ts',
    "NODE_OPTIONS=--experimental-strip-types",
  ],
  ["ERR_MODULE_NOT_FOUND", "Cannot find package 'cede' imported from /a.ts", "npm install cede"],
  ["ERR_MODULE_NOT_FOUND", "Cannot find package 'left' imported from /a.ts", "Cannot find package 'left'"],
])("%s: %s", (code, message, fix) => {
  const error = notImported("a.ts", Object.assign(new Error(message), { code }));
  expect(error.message).toMatch(/^Cannot explore a\.ts: importing it failed\.\n/);
  expect(error.message).toContain(fix);
});

describe("options", () => {
  test("nothing said: 2,000 schedules by all strategies, from seed 1", () => {
    expect(parseOptions("a.ts", {})).toEqual({
      file: "a.ts",
      only: undefined,
      budget: { schedules: 2000 },
      switches: undefined,
      seed: 1,
      strict: false,
      strategy: "portfolio",
      replay: undefined,
      svg: undefined,
      trace: undefined,
      json: false,
    });
  });

  test.each([
    ["5000", { schedules: 5000 }],
    ["500ms", { ms: 500 }],
    ["1.5s", { ms: 1500 }],
    ["2m", { ms: 120_000 }],
  ])("--budget %s", (budget, expected) => {
    expect(parseOptions("a.ts", { budget }).budget).toEqual(expected);
  });

  test.each<[RawOptions, string]>([
    ...["0", "0s", "1.5", "-1", "s", "10h", ""].map((budget): [RawOptions, string] => [
      { budget },
      `Cannot use --budget "${budget}": it takes a number of schedules, or a time (ms, s, m).\nWrite for example --budget 5000 or --budget 30s.`,
    ]),
    [
      { seed: "x" },
      'Cannot use --seed "x": it takes a whole number (0 or more).\nWrite for example --seed 7.',
    ],
    [
      { switches: "-1" },
      'Cannot use --switches "-1": it takes a whole number (0 or more).\nWrite for example --switches 2.',
    ],
    [
      { strategy: "luck" },
      'Cannot use --strategy "luck": there is none of that name.\nLeave it out, or choose one of portfolio, depth-first, random-walk, priorities, partial-order, uniform.',
    ],
    [
      { replay: "1::0:1:d", seed: "3" },
      "Cannot combine --replay with --seed: it runs one schedule, and all of that is in its string.\nLeave one of them out.",
    ],
    [
      { strategy: "uniform", switches: "3" },
      "Cannot combine --switches with --strategy uniform: only the systematic search counts them.\nLeave one of them out, or write --strategy depth-first.",
    ],
    [
      { svg: "no/such/folder/race.svg" },
      'Cannot use --svg "no/such/folder/race.svg": there is no folder no/such/folder.\nMake it first: mkdir -p no/such/folder',
    ],
    [{ trace: "." }, 'Cannot use --trace ".": it is no file.\nName one: --trace failure.'],
  ])("%j is refused in words that help", (raw, message) => {
    expect(() => parseOptions("a.ts", raw)).toThrow(
      new UsageError(...(message.split("\n") as [string, string])),
    );
  });
});

test("what a program says cannot move the cursor", () => {
  expect(harmless("a\u001b[2J\nb\u0007\u009b\u202e 日本 é\t")).toBe(
    "a\\x1b[2J\nb\\x07\\x9b\\u{202e} 日本 é\\x09",
  );
  expect(jsonLine({ a: "\u009b\u202e" })).toBe('{"a":"\\u009b\\u202e"}\n');
});
