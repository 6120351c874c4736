// `cede explore` on files of tests, as they are written for a runner: it runs them under that runner.
// It stays whole: the files that it writes, and the way in which it starts the command, serve all of it.
import { spawn, type ChildProcess } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { outcomesInXml } from "../../src/cli/explore/tests/bun.ts";
import { INSIDE_REPOSITORY, sharedFolder, temporaryFolder } from "../support/temporary-folder.ts";

const ROOT = join(import.meta.dirname, "../..");
const MAIN = join(ROOT, "src/cli/main.ts");

/** Each passes by itself; the second deposit is lost where it comes before the first has written. */
const BANK = `
import assert from "node:assert/strict";
import { createTask, runningLoop, sleep, taskGroup } from "cede";
import { runTest, transcript, watch } from "cede/testing";

function* twoDeposits(careful) {
  const account = watch({ balance: 100 }, "account");
  function* deposit(amount) {
    yield* sleep(1);
    if (careful) {
      account.balance += amount;
      return;
    }
    const { balance } = account;
    yield* sleep(1);
    account.balance = balance + amount;
  }
  yield* taskGroup(function* (group) {
    group.createTask(() => deposit(10), { name: "first" });
    yield* sleep(1);
    group.createTask(() => deposit(20), { name: "second" });
  });
  console.log("the program prints");
  assert.equal(account.balance, 130);
}
`;

const GOOD = `${BANK}
describe("bank", () => {
  test("carefully (+10, +20)", () => runTest(() => twoDeposits(true)));
});
test("is refused", () =>
  assert.rejects(
    runTest(function* () {
      yield;
      throw new TypeError("no");
    }),
    /^TypeError: no$/,
  ));
test("what it allows", () =>
  runTest(
    function* () {
      createTask(() => sleep(1000));
      runningLoop().callLater(5000, () => {});
      yield* sleep(1);
    },
    { allow: ["unfinished-task", "call-later"], strict: true, patience: Infinity },
  ));
`;

const BAD = `${BANK}
describe("bank", () => {
  test("carelessly", () => runTest(() => twoDeposits(false)));
  test("carefully", () => runTest(() => twoDeposits(true)));
});
let balance = 100;
test("with a balance outside", () =>
  runTest(function* () {
    balance += 10;
    yield;
    assert.equal(balance, 110);
  }));
test("with a log outside", async () => {
  const log = transcript();
  await runTest(function* () {
    yield;
    log("once");
  });
  assert.deepEqual(log.lines, ["0 main#1 once"]);
});
test("with an awaitable", () => runTest(twoDeposits(true)));
test("by hand", () => {});
`;

/** So many orders that no search comes to an end; the limit that Vitest is told is shorter, see CONFIG. */
const LONG = `
import { writeFileSync } from "node:fs";
import { taskGroup } from "cede";
import { runTest } from "cede/testing";
let schedules = 0;
test("has no end", () =>
  runTest(() =>
    taskGroup(function* (group) {
      if (++schedules === 10) writeFileSync(new URL("begun", import.meta.url), String(process.pid));
      for (let task = 0; task < 8; task++) {
        group.createTask(function* () {
          for (let step = 0; step < 20; step++) yield;
        });
      }
    }),
  ));
`;

const WRONG = `${BANK}
test("by hand", () => {
  assert.equal(1, 2);
});
test("leaves a task in some orders", () =>
  runTest(function* () {
    createTask(function* helper() {
      yield* sleep(5);
      yield* sleep(0);
    });
    yield* sleep(5);
    yield;
    yield;
  }));
test("in each order", () =>
  runTest(function* () {
    yield* sleep(1);
    throw new Error("in each order");
  }));
`;

/** Each passes; the first two return, or push, in the order in which two equal deadlines pass. */
const VALUES = `${BANK}
function* order(log = []) {
  yield* taskGroup(function* (group) {
    for (const name of ["a", "b"]) {
      group.createTask(function* () {
        yield* sleep(1);
        log.push(name);
      });
    }
  });
  return log.join();
}
test("takes one value", async () => assert.equal(await runTest(order), "a,b"));
test("takes each value", async () => assert.match(await runTest(order), /^(a,b|b,a)$/));
for (const careful of [true, false])
  test("twice", () =>
    runTest(function* () {
      const log = [];
      yield* order(log);
      if (!careful) assert.equal(log.join(), "a,b");
    }));
`;

/** Of an error that no test is told, and of a check that no search can make. */
const STRAY = `${BANK}
test("counts", async () => {
  let runs = 0;
  await runTest(function* () {
    runs++;
    yield* sleep(1);
  });
  assert.equal(runs, 1);
});
test("throws later", async () => {
  await runTest(() => sleep(1));
  setTimeout(() => {
    throw new Error("stray");
  }, 1);
});
`;

const NESTED = `${BANK}
test("outer", async (t) => {
  await t.test("middle", async (t) => {
    await t.test("inner", () => runTest(() => twoDeposits(false)));
    await t.test("beside it", () => runTest(() => twoDeposits(false)));
  });
});
test.todo("later");
test("fails, to be done", { todo: true }, () => assert.equal(1, 2));
`;

const SNAPSHOT = `
import { expect, test } from "vitest";
import { taskGroup, sleep } from "cede";
import { runTest } from "cede/testing";
test("order", () =>
  runTest(function* () {
    const log = [];
    yield* taskGroup(function* (group) {
      for (const name of ["a", "b"]) {
        group.createTask(function* () {
          yield* sleep(1);
          log.push(name);
        });
      }
    });
    expect(log.join()).toMatchSnapshot();
  }));
`;

/** Side by side, in a project, which does not take all of what the command asks for. */
const PROJECT = `
import { expect, test } from "vitest";
import { sleep } from "cede";
import { runTest } from "cede/testing";
const pause = () => new Promise((resolve) => setTimeout(resolve, 5));
test.concurrent("fails", async () => {
  await pause();
  await runTest(function* () {
    yield* sleep(1);
    throw new Error("fails");
  });
});
test.concurrent("passes", async () => {
  await pause();
  await runTest(() => sleep(1));
});
`;

// Found from its own folder, and not from where the command is called.
const CONFIG = `
const source = ${JSON.stringify(join(ROOT, "src"))};
export default {
  test: { testTimeout: 300 },
  resolve: {
    alias: [
      { find: /^cede$/, replacement: source + "/index.ts" },
      { find: /^cede\\/testing$/, replacement: source + "/testing/index.ts" },
    ],
  },
};
`;

const RUNNERS = ["vitest", "node:test"] as const;
let folder: string;

sharedFolder((made) => {
  folder = made;
  writeFileSync(join(folder, "vitest.config.mjs"), CONFIG);
  for (const runner of RUNNERS) {
    const head = `import { describe, test } from "${runner}";\n`;
    const own = join(folder, nameOf(runner));
    mkdirSync(own);
    writeFileSync(join(own, "good.test.mjs"), head + GOOD);
    writeFileSync(join(own, "bad.test.mjs"), head + BAD);
    writeFileSync(join(own, "wrong.test.mjs"), head + WRONG);
    writeFileSync(join(own, "long.test.mjs"), head + LONG);
    writeFileSync(join(own, "values.test.mjs"), head + VALUES);
    writeFileSync(join(own, "stray.test.mjs"), head + STRAY);
    writeFileSync(join(own, "none.test.mjs"), `${head}test("one", () => {});\ntest("two", () => {});\n`);
    writeFileSync(join(own, "broken.test.mjs"), `${head}test("one", () => {);\n`);
  }
  writeFileSync(join(folder, "node-test/nested.test.mjs"), `import { test } from "node:test";\n${NESTED}`);
  writeFileSync(join(folder, "vitest/snapshot.test.mjs"), SNAPSHOT);
  // Vitest takes a name for a part of one.
  writeFileSync(
    join(folder, "vitest/good.test.mjs.test.mjs"),
    'import { test } from "vitest";\ntest.broken();\n',
  );
  mkdirSync(join(folder, "project"));
  writeFileSync(join(folder, "project/side.test.mjs"), PROJECT);
  writeFileSync(
    join(folder, "project/vitest.config.mjs"),
    CONFIG.replace(
      "test: { testTimeout: 300 }",
      'test: { projects: [{ extends: true, test: { name: "one" } }] }',
    ),
  );
}, INSIDE_REPOSITORY);

function nameOf(runner: string): string {
  return runner.replace(":", "-");
}

interface Ended {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

function cede(
  args: readonly string[],
  cwd = folder,
  onStart?: (child: ChildProcess) => void,
  more: Readonly<Record<string, string>> = {},
): Promise<Ended> {
  const child = spawn(process.execPath, ["--conditions=@cede/source", MAIN, "explore", ...args], {
    cwd,
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...process.env, NO_COLOR: "", FORCE_COLOR: "0", NODE_NO_WARNINGS: "1", CEDE_SEED: "7", ...more },
  });
  onStart?.(child);
  return new Promise((resolve, reject) => {
    let out = "";
    let err = "";
    child.stdout.setEncoding("utf8").on("data", (text: string) => (out += text));
    child.stderr.setEncoding("utf8").on("data", (text: string) => (err += text));
    child.on("error", reject).on("close", (code) => resolve({ code, out, err }));
  });
}

// A runner is started three times in some of these, on a machine that may have other work.
describe.each(RUNNERS)("%s", { timeout: 60_000 }, (runner) => {
  const file = (name: string): string => `${nameOf(runner)}/${name}.test.mjs`;

  test("tests that hold in all orders: exit code 0; a failure that is expected is none", async () => {
    const { code, out, err } = await cede([file("good")]);
    expect({ code, err }).toEqual({ code: 0, err: "" });
    expect(out).toMatch(
      /^bank > carefully \(\+10, \+20\): no failure in \d+ schedules \(all \d+ orders there are\)\n/,
    );
    expect(out).toContain("\n\nis refused: fails, as the test expects: other orders were not searched\n");
    expect(out).toMatch(/\n\n3 tests, none failed\n$/);
    expect(out).not.toContain("the program prints");
  });

  test("a lost update, and what cannot be searched, and why", async () => {
    const { code, out, err } = await cede([file("bad"), "--svg", "bad.svg", "--trace", "bad.cedetrace"]);
    expect(code).toBe(1);
    expect(err).toBe("Passed over by hand, which does not use runTest.\n");
    expect(out).toMatch(/^bank > carelessly: fails in the \d+th schedule \(seed 1\)\n\n {2}AssertionError/);
    expect(out).toMatch(/^ {6}at twoDeposits \(.*bad\.test\.mjs:\d+:\d+\)$/m);
    expect(out).toMatch(/^ {2}step {3}main#1 +first#2 +second#3$/m);
    expect(out).toMatch(/^ {2}! step 8: second#3 sets account\.balance by the 100 that it read in step 6/m);
    expect(out).toMatch(/\nWrote bad\.svg\nWrote bad\.cedetrace\n\nbank > carefully: no failure in /);
    expect(readFileSync(join(folder, "bad.svg"), "utf8")).toMatch(/^<svg [^]*1 lost update[^]*<\/svg>\n$/);
    const [header, ...events] = readFileSync(join(folder, "bad.cedetrace"), "utf8").trim().split("\n");
    expect(JSON.parse(header!)).toMatchObject({ type: "trace" });
    expect(JSON.parse(events.at(-1)!)).toMatchObject({ type: "done", outcome: "error" });

    expect(out).toMatch(
      /\nwith a balance outside: not searched, for its program does not start afresh each time\n\n {2}In step 2, main#1 ends at 0 ms in the first run, and main#1 fails at 0 ms in the second\.\n/,
    );
    expect(out).toContain(
      "\n  Make all of its state inside the function that runTest is given. What is set up before it,",
    );
    expect(out).toMatch(
      /\nwith a log outside: no failure in \d+ schedules \(there is one order\), but what is checked after runTest was not searched: it looks at state that all of these runs have changed\n/,
    );
    expect(out).toContain(
      "\nwith an awaitable: not searched, for `runTest` is given an awaitable, which runs once:",
    );
    expect(out).toMatch(/\n\n5 tests, 1 failed\n$/);
  });

  test("its replay string runs that schedule again, and shows what the program prints", async () => {
    const found = await cede([file("bad"), "--only", "bank > carelessly", "--budget", "1s"]);
    expect(found).toMatchObject({ code: 1, err: "" });
    const [command, string] = /cede explore \S+ --only 'bank > carelessly' --replay '(.*)'/.exec(found.out)!;
    const again = await cede([file("bad"), "--only", "bank > carelessly", "--replay", string!]);
    expect(command).toContain(file("bad"));
    expect(again).toMatchObject({ code: 1, err: "" });
    expect(again.out).toMatch(/^the program prints\nbank > carelessly: fails in this schedule\n/);
    const table = (text: string): string => /^ {2}step[^]*?\n(?=To run|\n|$)/m.exec(text)![0];
    expect(table(again.out)).toBe(table(found.out));

    expect(await cede([file("bad"), "--only", "bank > carefully", "--replay", string!])).toEqual({
      code: 2,
      out: "",
      err: expect.stringMatching(/^Cannot replay: .*\nAs in: cede explore .* --only bank > carefully\n$/),
    });
  });

  test("--json: an object a test", async () => {
    const { code, out } = await cede([file("bad"), "--json", "--only", "bank"]);
    expect(code).toBe(1);
    const [carelessly, carefully] = out
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line));
    expect(carelessly).toMatchObject({
      program: "bank > carelessly",
      failed: true,
      failure: { error: { name: "AssertionError" }, replay: expect.stringMatching(/^1:/) },
    });
    expect(carefully).toMatchObject({ program: "bank > carefully", failed: false, exhausted: true });
  });

  test("what runTest gives in other orders is what the test is tried with; tests of one name are told apart", async () => {
    const { code, out, err } = await cede([file("values")]);
    expect({ code, err }).toEqual({ code: 1, err: "" });
    expect(out).toMatch(/^takes one value: fails in the \d\w+ schedule \(seed 1\)\n\n {2}AssertionError/);
    expect(out).toContain("\n  runTest gives 'b,a' in this order, and 'a,b' in the usual one: ");
    expect(out).toMatch(
      /\ntakes each value: no failure in [^;\n]*; by their order runTest gives 'a,b', or 'b,a', and the test passes with each\n/,
    );
    expect(out).toMatch(/\ntwice \(1 of 2 of that name\): no failure in /);
    expect(out).toMatch(/\ntwice \(2 of 2 of that name\): fails in the /);
    expect(out).toContain("\nTo run it again (with the other test of that name):\n");
    expect(out).toMatch(/\n\n4 tests, 2 failed\n$/);

    const [, replay] = /--only 'takes one value' --replay '(.*)'/.exec(out)!;
    const again = await cede([file("values"), "--only", "takes one value", "--replay", replay!]);
    expect(again).toMatchObject({ code: 1, err: "" });
    expect(again.out).toMatch(/^takes one value: fails in this schedule\n/);
  });

  test("an error that no test is told fails the command, whatever else could not be searched", async () => {
    const { code, out, err } = await cede([file("stray")]);
    expect(code).toBe(1);
    expect(out).toMatch(/^counts: no failure in .* what is checked after runTest was not searched/);
    expect(out).toMatch(/\n\n2 tests, none failed\n$/);
    expect(err).toMatch(/^Beside it, (vitest|node:test) ended with exit code 1, and says:\n[^]*stray/);
  });

  test("--strict: what could not be searched is a failure", async () => {
    const only = ["--only", "with a balance outside"];
    expect(await cede([file("bad"), ...only])).toMatchObject({ code: 0, err: "" });
    expect(await cede([file("bad"), ...only, "--strict"])).toMatchObject({ code: 1, err: "" });
  });

  test("--trace says where in the program tasks wait", async () => {
    await cede([file("bad"), "--only", "bank > carelessly", "--trace", "places.cedetrace"]);
    const trace = readFileSync(join(folder, "places.cedetrace"), "utf8");
    expect(trace).toMatch(/"type":"wait".*"place":"[^"]*bad\.test\.mjs:/);
  });

  test("the time that the runner gives a test is none that a search must keep to", async () => {
    const { code, out } = await cede([file("long"), "--budget", "700ms"]);
    expect({ code, out }).toEqual({
      code: 0,
      out: expect.stringMatching(
        /^has no end: no failure in [\d,]+ schedules\n {2}not searched: orders beyond/,
      ),
    });
  });

  test("a test that fails by itself, and one that fails in each order", async () => {
    const { code, out } = await cede([file("wrong")]);
    expect(code).toBe(1);
    expect(out).toMatch(/^by hand: fails, and has not come to a runTest\n\n {2}AssertionError[^]*1 !== 2/);
    expect(out).toMatch(
      /\n\nin each order: fails in the 1st schedule \(seed 1\)\n\n {2}Error: in each order\n/,
    );
  });

  test("a file without runTest, one that cannot be loaded, and a name that is none", async () => {
    expect(await cede([file("none")])).toEqual({
      code: 2,
      out: "",
      err: expect.stringMatching(
        /^Cannot explore .*: none of its 2 tests uses runTest\.\nThe body of a test is/,
      ),
    });
    expect(await cede([file("broken")])).toEqual({
      code: 2,
      out: "",
      err: expect.stringMatching(
        /^Cannot explore .*: its tests do not run\.\n(vitest|node:test) [^]*broken\.test\.mjs/,
      ),
    });
    expect(await cede([file("good"), "--only", "nobody"])).toEqual({
      code: 2,
      out: "",
      err: expect.stringMatching(/^Cannot explore "nobody": .* has no test of that name which runs\.\n/),
    });
  });
});

test("node:test: a test in tests is run again by its name; those around it, and those to be done, are not passed over", async () => {
  const file = "node-test/nested.test.mjs";
  const { out, err } = await cede([file]);
  expect(err).toBe("");
  expect(out).toMatch(
    /^outer > middle > inner: fails [^]*\nouter > middle > beside it: fails [^]*\n\n2 tests, 2 failed\n$/,
  );
  const [, replay] = /--only 'outer > middle > inner' --replay '(.*)'/.exec(out)!;
  const again = await cede([file, "--only", "outer > middle > inner", "--replay", replay!]);
  expect(again).toMatchObject({ code: 1, err: "" });
  expect(again.out).toMatch(/^the program prints\nouter > middle > inner: fails in this schedule\n/);
  expect(again.out).not.toContain("beside it");
}, 60_000);

test("Vitest: snapshots are compared and not written", async () => {
  const snapshots = join(folder, "vitest/__snapshots__");
  const stored = (value: string): string =>
    `// Vitest Snapshot v1\n\nexports[\`order 1\`] = \`"${value}"\`;\n`;
  const file = join(snapshots, "snapshot.test.mjs.snap");
  mkdirSync(snapshots);
  writeFileSync(file, stored("a,b"));
  const good = await cede(["vitest/snapshot.test.mjs"]);
  expect(good).toMatchObject({ code: 0, err: "" });
  expect(good.out).toMatch(/^order: not searched, .*\n\n[^]* and snapshots all go on from run to run\./);
  expect(readFileSync(file, "utf8")).toBe(stored("a,b"));
  writeFileSync(file, stored("b,a"));
  const bad = await cede(["vitest/snapshot.test.mjs"]);
  expect(bad).toMatchObject({ code: 1, err: "" });
  expect(bad.out).toMatch(
    /^order: fails without a search, too; .*\n\n {2}Error: Snapshot `order 1` mismatched\n/,
  );
}, 60_000);

test("Vitest: of tests that run side by side in a project, the one that fails is the one that is told of", async () => {
  const { code, out } = await cede(["project/side.test.mjs"]);
  expect(code).toBe(1);
  expect(out).toMatch(
    /^fails: fails in the 1st schedule [^]*\n\npasses: no failure in [^]*\n\n2 tests, 1 failed\n$/,
  );
}, 60_000);

test("a folder, and more than one file", async () => {
  expect(await cede(["vitest"])).toEqual({
    code: 2,
    out: "",
    err: "Cannot explore vitest: it is a folder.\nName one of its files, of tests or of programs, as in `cede explore bank.test.ts`.\n",
  });
  expect(await cede(["a.test.mjs", "b.test.mjs"])).toEqual({
    code: 2,
    out: "",
    err: "Cannot explore 2 files at once: a.test.mjs, b.test.mjs.\nCall it for each, as in: cede explore a.test.mjs\n",
  });
});

describe("a runner that is not installed", () => {
  test.each([
    ["vitest", 'import { test } from "vitest";', "npm install --save-dev vitest"],
    ["jest", 'test("one", () => {});', "npm install --save-dev jest"],
  ])("%s: says so, and how to install it", async (name, text, install) => {
    const elsewhere = temporaryFolder();
    writeFileSync(join(elsewhere, "a.test.mjs"), text);
    expect(await cede(["a.test.mjs"], elsewhere)).toEqual({
      code: 2,
      out: "",
      err: `Cannot explore a.test.mjs: its tests are written for ${name}, which is not installed there.\nInstall it: ${install}\n`,
    });
  });
});

describe("when it is told to stop", { timeout: 60_000 }, () => {
  const begun = (): string => join(folder, "node-test/begun");
  /** Explores what has no end, until it is given these signals. */
  const stopped = (signals: readonly NodeJS.Signals[], more?: Readonly<Record<string, string>>) => {
    rmSync(begun(), { force: true });
    const stop = (child: ChildProcess): void => {
      const timer = setInterval(() => {
        if (!existsSync(begun())) return;
        clearInterval(timer);
        for (const signal of signals) child.kill(signal);
      }, 50);
    };
    return cede(["node-test/long.test.mjs", "--budget", "10m"], folder, stop, more);
  };

  test("it ends the runner, with what was found until then", async () => {
    expect(await stopped(["SIGINT"])).toEqual({
      code: 130,
      out: expect.stringMatching(/^has no end: stopped, no failure in [\d,]+ schedules? until then\n$/),
      err: "Stopped before node:test has come to the end of node-test/long.test.mjs.\n",
    });
  });

  test("twice, it ends at once, and leaves neither a folder behind nor the runner", async () => {
    const elsewhere = temporaryFolder();
    const { code } = await stopped(["SIGINT", "SIGTERM"], { TMPDIR: elsewhere });
    expect([130, 143]).toContain(code); // the system may deliver either first
    expect(readdirSync(elsewhere).filter((name) => name.startsWith("cede-"))).toEqual([]);
    const runner = Number(readFileSync(begun(), "utf8"));
    await expect.poll(() => isAlive(runner), { timeout: 10_000 }).toBe(false);
  });

  function isAlive(pid: number): boolean {
    try {
      return process.kill(pid, 0);
    } catch {
      return false;
    }
  }
});

test("what Bun reports: names of groups and tests in the order in which they ran, without what was skipped", () => {
  const xml = `<?xml version="1.0" encoding="UTF-8"?>
    <testsuites name="bun test" tests="4">
      <testsuite name="a.test.js" file="a.test.js">
        <testsuite name="a" file="a.test.js">
          <testcase name="s" classname="a"><skipped /></testcase>
          <testsuite name="b &amp; c">
            <testcase name="d &lt;1&gt;" classname="b &amp; c &gt; a">
              <failure type="Error" message="no &quot;one&quot;">Error: no &quot;one&quot;&#10;  at a.test.js:2:3</failure>
            </testcase>
          </testsuite>
          <testcase name="e" classname="a" />
        </testsuite>
        <testcase name="top" classname=""><failure type="TimeoutError" message="timed out" /></testcase>
      </testsuite>
    </testsuites>`;
  expect(outcomesInXml(xml)).toEqual([
    { name: "a > b & c > d <1>", ids: ["1"], failed: true, message: 'Error: no "one"\n  at a.test.js:2:3' },
    { name: "a > e", ids: ["2"], failed: false, message: "" },
    { name: "top", ids: ["3"], failed: true, message: "timed out" },
  ]);
});
