// The job of `cede explore` on a file of tests: their runner runs them, and runTest searches.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import type { Asked } from "../../../testing/explored-test/asked.ts";
import { isPartOfName } from "../../../testing/explored-test/part-of-name.ts";
import { Interrupted, withInterruption } from "../../interruption.ts";
import { describeTerminal } from "../../render/terminal.ts";
import { harmless, printable } from "../../render/text.ts";
import { UsageError } from "../../usage-error.ts";
import type { ExploreCommandOptions } from "../options.ts";
import { testingOf } from "../programs.ts";
import { printAll } from "../print.ts";
import type { Result } from "../search.ts";
import { replayedIn, resultsOf, unexplained, without } from "./judge.ts";
import type { RunnerName } from "./kind.ts";
import { brokenTests } from "./other-orders.ts";
import { real } from "./report.ts";
import type { Outcome } from "./runner.ts";
import { runner } from "./runners.ts";
import { runOn, toldFiles, type Ran } from "./run.ts";
import { failedTests, testOf } from "./tests-of.ts";

/** From options to exit code. */
export async function exploreTests(kind: RunnerName, options: ExploreCommandOptions): Promise<number> {
  const { file, only } = options;
  const folder = mkdtempSync(join(tmpdir(), "cede-explore-"));
  // Again if it must be: a runner that is still ending may write there.
  const remove = (): void => rmSync(folder, { recursive: true, force: true, maxRetries: 3 });
  process.once("exit", remove); // a second Ctrl-C comes here alone
  try {
    return await withInterruption(async (signal) => {
      const tests = runner(kind, file, only, folder);
      const hide = await show(kind, file, folder);
      const run = async (how: Asked | undefined): Promise<Ran> => {
        for (const name of ["report", "todo"]) rmSync(join(folder, name), { force: true });
        return onlyThose(await runOn(tests, file, folder, how, signal), only);
      };
      const asked = askedOf(kind, options, folder);
      let results: Result[];
      let ran: Ran;
      let plain: Ran | undefined;
      try {
        ran = await run(asked);
        if (options.replay !== undefined) results = replayed(ran, options);
        else {
          // Whether it is the search that they fail of.
          if (!signal.aborted && unexplained(ran)) plain = await run(undefined);
          const broken = await brokenTests(ran, plain, (orders) =>
            signal.aborted ? undefined : run({ ...asked, orders }),
          );
          results = resultsOf(ran, plain, broken);
        }
      } finally {
        hide();
      }
      if (signal.aborted) {
        console.error(`Stopped before ${kind} has come to the end of ${printable(file)}.`);
        await printAll(await testingOf(file), results, options, "test");
        return (signal.reason as Interrupted).exitCode;
      }
      const wrong = misfortune(kind, plain ?? ran, results);
      if (results.length === 0) throw refusal(ran, wrong, options);
      if (only === undefined) {
        for (const name of without(ran))
          console.error(`Passed over ${printable(name)}, which does not use runTest.`);
      }
      await printAll(await testingOf(file), results, options, "test");
      const failed = results.some(({ failure, problem }) => (failure ?? problem) !== undefined);
      if (wrong !== undefined) console.error(`Beside it, ${wrong}`);
      const isIncomplete = options.strict && results.some(({ unsearched }) => unsearched === true);
      return failed || wrong !== undefined || isIncomplete ? 1 : 0;
    });
  } finally {
    process.off("exit", remove);
    remove();
  }
}

function askedOf(
  kind: RunnerName,
  { file, only, budget, switches, seed, strategy, replay, trace }: ExploreCommandOptions,
  folder: string,
): Asked {
  return {
    folder,
    budget,
    seed,
    strategy,
    file: real(resolve(file)),
    places: trace !== undefined,
    // It takes the tests around one, too, and with them all those that are in these.
    ...(kind === "node:test" && only !== undefined && { only }),
    ...(switches !== undefined && { switches }),
    ...(replay !== undefined && { replay }),
  };
}

/** Runners take a name for a part of one: where a test is called so, the others were not meant. */
function onlyThose(ran: Ran, only: string | undefined): Ran {
  const { outcomes, told } = ran;
  if (outcomes === undefined || only === undefined) return ran;
  const exact = outcomes.tests.filter(({ name }) => name === only);
  const tests = exact.length > 0 ? exact : outcomes.tests.filter(({ name }) => isPartOfName(only, name));
  const own = told.filter((one) => {
    const test = testOf(one, ran);
    return test === undefined ? one.test === undefined || isPartOfName(only, one.test) : tests.includes(test);
  });
  const others = outcomes.tests.some((test) => test.failed && !tests.includes(test));
  const excused = outcomes.excused === true || others;
  return { ...ran, outcomes: { ...outcomes, tests, excused }, told: own };
}

/** The program that the schedule is one of. @throws UsageError if there is none */
function replayed(ran: Ran, { file, only }: ExploreCommandOptions): Result[] {
  const fitting = ran.told.filter(({ misfit, notExplored }) => (misfit ?? notExplored) === undefined);
  const misfit = ran.told.find((one) => one.misfit !== undefined)?.misfit;
  if (fitting.length === 0 && misfit !== undefined) {
    const example = only === undefined ? "--only 'name of the test'" : `--only ${printable(only)}`;
    throw new UsageError(misfit, `As in: cede explore ${printable(file)} ${example}`);
  }
  return replayedIn({ ...ran, told: fitting });
}

/** What is wrong that is no test's. */
function misfortune(kind: RunnerName, ran: Ran, results: readonly Result[]): string | undefined {
  const { code, output, outcomes } = ran;
  const told = results.filter(({ failure, problem }) => (failure ?? problem) !== undefined);
  const isTold = ({ name }: Outcome): boolean => told.some(({ test }) => test === name);
  const isExplained = code === 0 || failedTests(ran).some(isTold);
  const isExcused = outcomes?.excused === true && !/unhandled (?:error|rejection)/i.test(output);
  if ((outcomes?.problems ?? []).length === 0 && (isExplained || isExcused)) return undefined;
  return `${kind} ended with exit code ${code}, and says:\n${indented(output)}`;
}

function refusal(ran: Ran, wrong: string | undefined, { file, only }: ExploreCommandOptions): UsageError {
  const tests = ran.outcomes?.tests.length ?? 0;
  if (wrong !== undefined)
    return new UsageError(`Cannot explore ${printable(file)}: its tests do not run.`, wrong);
  if (only !== undefined && tests === 0) {
    return new UsageError(
      `Cannot explore "${printable(only)}": ${printable(file)} has no test of that name which runs.`,
      "Leave --only out to see what there is.",
    );
  }
  const which =
    only === undefined
      ? tests === 1
        ? "its test does not use"
        : `none of its ${tests} tests uses`
      : "it does not use";
  return new UsageError(
    `Cannot explore ${printable(only ?? file)}: ${tests === 0 ? "it has no test that uses" : which} runTest.`,
    SAMPLE,
  );
}

const SAMPLE = `The body of a test is searched where runTest runs it:

  import { runTest } from "cede/testing";

  test("both deposits arrive", () =>
    runTest(function* () {
      …
    }));`;

const LINES = 40;

/** The end of it. */
function indented(text: string): string {
  const lines = harmless(text.trimEnd()).split("\n");
  return lines
    .slice(-LINES)
    .map((line) => `  ${line}`.trimEnd())
    .join("\n");
}

/** A line on standard error, where somebody watches it. */
async function show(kind: RunnerName, file: string, folder: string): Promise<() => void> {
  const { stderr } = process;
  if (!describeTerminal(stderr).animated) return () => {};
  const { showRunning } = await import("../live-progress.ts");
  return showRunning(stderr, `${printable(file)}: ${kind}`, () => toldFiles(folder, ".json").length);
}
