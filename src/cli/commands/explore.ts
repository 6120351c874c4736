// `cede explore`: runs the tests or programs of a file in many orders of their tasks' steps, until one order breaks them.
import { Command } from "commander";
import { parseOptions, type RawOptions } from "../explore/options.ts";
import { printable } from "../render/text.ts";
import { UsageError } from "../usage-error.ts";

export function exploreCommand(): Command {
  return new Command("explore")
    .summary("run a file's tests or programs in many orders, until one breaks them")
    .description(
      "Runs what each test of a file gives to runTest, or each program that the file exports, again and again, on a " +
        "virtual clock, each time in another order of its tasks' steps, until one order breaks it: it throws, is " +
        "deadlocked, or leaves something behind.",
    )
    .argument("<testfile>", "a file of tests, or a module that exports programs")
    .option("--only <name>", "one of its tests or programs")
    .option(
      "--budget <n|time>",
      "how many schedules, or how long, for each test or program: 5000, 500ms, 30s, 2m (default: 2000)",
    )
    .option("--switches <n>", "how many preemptions a schedule of the systematic search may have")
    .option("--seed <n>", "decides what is drawn at random (default: 1)")
    .option("--strategy <name>", "how schedules are chosen (default: portfolio, all of them by turns)")
    .option("--replay <string>", "run one schedule once more, and show what the program prints")
    .option("--svg <file>", "draw the schedule that fails")
    .option("--trace <file>", "write the execution that fails, an event a line")
    .option("--strict", "exit code 1 for a test that could not be searched, too, or not all of it")
    .option("--json", "print an object a program instead, see below")
    .addHelpText("after", HELP)
    .allowExcessArguments()
    .action(async (file: string, raw: RawOptions, { args }: Command) => {
      if (args.length > 1) {
        const files = args.map((one) => printable(one));
        throw new UsageError(
          `Cannot explore ${files.length} files at once: ${files.join(", ")}.`,
          `Call it for each, as in: cede explore ${files[0]}`,
        );
      }
      const options = parseOptions(file, raw);
      // Loaded when it is needed: the other commands start without it.
      const { runnerOf } = await import("../explore/tests/kind.ts");
      const runner = runnerOf(file);
      if (runner !== undefined) {
        const { exploreTests } = await import("../explore/tests/explore-tests.ts");
        process.exitCode = await exploreTests(runner, options);
        return;
      }
      const { explorePrograms } = await import("../explore/explore-programs.ts");
      process.exitCode = await explorePrograms(options);
    });
}

const HELP = `
A file of tests is one that imports vitest, node:test, bun:test or @jest/globals, or uses test() without an
import. It is run as it is, by that runner; the function that a test gives to runTest is what is searched. It
makes all of its state anew; a program that does not is not searched, and said so (--strict: exit code 1). What
runTest returns is searched, too: where another order gives another value, the test is run with that. The
runner's time limits are lifted, except for those that a test sets itself; no snapshots are written.

A program is an exported function without parameters that returns an awaitable: a function*, or a coroutine.
It makes all of its state anew, and throws if something is wrong in the end. The default export goes by the
name of the file. While schedules are searched, nothing that the program prints is shown.
Strategies: portfolio, depth-first, random-walk, priorities, partial-order, uniform.
With several programs, the name of each is put into the names of its files: race.svg, race-transfer.svg.
Exit code: 0 nothing failed, 1 something failed, 2 the command cannot be run as written,
130 and 143 after SIGINT (Ctrl-C) and SIGTERM, with what was done until then.

With --json, a line for each program or test:
  {program, failed, schedules, exhausted, orders?, notSearched, stopped, seed, note?, problem?, failure?}
  schedules     how many were run until the failure, or until the end
  exhausted     whether all orders there are were among them; orders: how many
  notSearched   what was left out, in words
  stopped       whether it was interrupted
  note, problem of a test: why it was not searched, or not all of it; a problem is a failure, and of no order
  failure       {error: {name, message, stack?}, schedule, preemptions, replay, command, steps, svg?, trace?}
  steps         [{number, time, task, outOfTurn, does}], in order; time in milliseconds of the virtual clock
  svg, trace    the files that were written

Examples:
  cede explore bank.test.ts
  cede explore bank.test.ts --only 'bank > both deposits arrive' --budget 30s
  cede explore race.ts
  cede explore race.ts --only transfer --budget 30s --svg race.svg
  cede explore race.ts --only transfer --replay '1:3.3:0:6:ddfr18'`;
