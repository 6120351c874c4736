import { Command, CommanderError } from "commander";
import manifest from "../../package.json" with { type: "json" };
import { examplesCommand } from "./commands/examples.ts";
import { exploreCommand } from "./commands/explore.ts";
import { fetchCommand } from "./commands/fetch.ts";
import { workerCommand } from "./commands/worker.ts";
import { UsageError } from "./usage-error.ts";

// Exit codes: the command's own, 2 for a command line that cannot be run as it is written, 70 for a fault of
// this program, and what a shell reports when the reader of a pipe has gone (`| head`).
const NOBODY_READS = 141;

/** Runs the command line of this process, and ends the process. */
export async function main(): Promise<void> {
  const program = new Command("cede")
    .description("Cede, an asynchronous runtime for TypeScript made of generators: its command.")
    .version(manifest.version)
    .addCommand(fetchCommand())
    .addCommand(examplesCommand())
    .addCommand(exploreCommand())
    .addCommand(workerCommand())
    .addHelpText("after", "\nTo see it at work: cede fetch --demo --compare")
    .showSuggestionAfterError();

  strict(program);

  process.stdout.on("error", outputFailed);
  try {
    await program.parseAsync();
  } catch (error) {
    process.exitCode = report(error);
  }
  // Sockets that are kept alive for a next request, which never comes, do not hold the process.
  process.stdout.write("", (error) => process.exit(error ? NOBODY_READS : process.exitCode));
}

/** Errors of standard output come late, when what was printed is on its way. */
function outputFailed(error: NodeJS.ErrnoException): void {
  if (error.code === "EPIPE" || error.code === "ERR_STREAM_DESTROYED") {
    process.exitCode = NOBODY_READS;
    return;
  }
  console.error(`Cannot write to standard output: ${error.message}.`);
  process.exit(1);
}

/** Commander ends the process and words its errors in its own way; both are decided here. */
function strict(command: Command): void {
  command.exitOverride().configureOutput({ outputError: () => {} });
  command.commands.forEach(strict);
}

function report(error: unknown): number {
  if (error instanceof CommanderError) {
    if (error.exitCode === 0) return 0; // help, version
    if (error.code === "commander.help") return 2; // `cede` alone: the help was printed, nothing was done
    const [problem, ...hints] = error.message.replace(/^error: /, "").split("\n");
    const fix =
      hints.length > 0
        ? hints.join(" ").replace(/^\(|\)$/g, "")
        : "`cede --help` and `cede COMMAND --help` tell what there is.";
    console.error(`Cannot run this: ${problem}.\n${fix}`);
    return 2;
  }
  if (error instanceof UsageError) {
    console.error(error.message);
    return 2;
  }
  console.error(error);
  return 70;
}
