// `cede examples`: lists the thirteen examples, or runs one of them.
import { Command } from "commander";
import type { Example, Options } from "../../../examples/index.ts";
import { explainOneOf } from "../fetch/reasons.ts";
import { parseTarget } from "../fetch/target.ts";
import { coloured, plain } from "../render/palette.ts";
import { describeTerminal } from "../render/terminal.ts";
import { address, printable } from "../render/text.ts";
import { UsageError } from "../usage-error.ts";

const ARTICLE = "https://github.com/ZechCodes/Blog-Posts/ (folder python-async-await)";

export function examplesCommand(): Command {
  return new Command("examples")
    .description("list the thirteen examples, from a list of waits to an event loop, or run one")
    .argument("[number]", "the example to run")
    .argument("[url...]", "what examples 1 and 2 request, instead of pages of their own")
    .option("--clock <clock>", "real, or virtual: runs examples 11 to 13 without waiting", "real")
    .action(listOrRun);
}

async function listOrRun(
  number: string | undefined,
  urls: readonly string[],
  { clock }: { readonly clock: string },
): Promise<void> {
  const examples = await loadExamples();
  if (number === undefined) {
    console.log(listing(examples, clock));
    return;
  }
  const example = chosen(examples, number);
  const options = optionsFor(example, number, urls, clock);
  // `cede examples 13 | head -1`: once nobody reads, there is nothing to go on for, and nothing to clean up.
  const stop = () => process.exit();
  process.stdout.once("error", stop);
  try {
    await example.run(options);
  } catch (error) {
    if (example.takes !== "pages") throw error;
    console.error(
      `Cannot finish example ${number}: ${explainOneOf(
        error,
        urls.map((url) => new URL(url)),
      )}.\n` + "`cede fetch` says of each page what is wrong with it, and requests the others all the same.",
    );
    process.exitCode = 1;
  } finally {
    process.stdout.off("error", stop);
  }
}

async function loadExamples(): Promise<readonly Example[]> {
  // Beside the bundled command, in dist/examples, they are files of their own, whose `cede` is the installed
  // package: bundled in, they would bring a second copy of the loop.
  const place = import.meta.url.endsWith(".ts") ? "../../../examples/index.ts" : "../examples/index.js";
  const module: typeof import("../../../examples/index.ts") = await import(
    new URL(place, import.meta.url).href
  );
  return module.examples;
}

function chosen(examples: readonly Example[], number: string): Example {
  const example = /^\d+$/.test(number) ? examples[Number(number) - 1] : undefined;
  if (example !== undefined) return example;
  throw new UsageError(
    `Cannot run example "${printable(number)}": they are numbered 1 to ${examples.length}.`,
    "`cede examples` lists them.",
  );
}

function optionsFor(example: Example, number: string, urls: readonly string[], clock: string): Options {
  if (clock !== "real" && clock !== "virtual") {
    throw new UsageError(
      `Cannot use the clock "${printable(clock)}": there is none of that name.`,
      "Write --clock virtual, or nothing for the real one.",
    );
  }
  if (clock === "virtual" && example.takes !== "clock") {
    const what = example.takes === "pages" ? "requests real pages" : "never looks at a clock";
    throw new UsageError(
      `Cannot run example ${number} on the virtual clock: it ${what}.`,
      "Leave out --clock, or run 11, 12 or 13.",
    );
  }
  if (urls.length > 0 && example.takes !== "pages") {
    throw new UsageError(
      `Cannot give pages to example ${number}: it requests none.`,
      `Leave out ${urls.map(address).join(" ")}, or run 1 or 2.`,
    );
  }
  for (const url of urls) {
    const target = parseTarget(url);
    if ("url" in target) continue;
    throw new UsageError(
      `Cannot request "${address(url)}": ${target.reason}`,
      `Without any address, example ${number} requests pages of its own.`,
    );
  }
  return { pages: urls, clock };
}

function listing(examples: readonly Example[], clock: string): string {
  if (clock !== "real") {
    throw new UsageError(
      "Cannot set a clock for the list: it runs nothing.",
      `Name an example, as in \`cede examples 13 --clock ${printable(clock)}\`.`,
    );
  }
  const { strong } = describeTerminal(process.stdout).colour ? coloured : plain;
  const width = Math.max(...examples.map(({ title }) => title.length));
  const rows = examples.map(({ title, point }, index) => {
    const name = `${`${index + 1}`.padStart(4)}  ${title.padEnd(width)}`;
    return `${strong(name)}  ${point}`;
  });
  return [
    "From a list of waits to an event loop, in thirteen steps:",
    "",
    ...rows,
    "",
    "`cede examples N` runs one. They retell the examples of the article at",
    ARTICLE,
  ].join("\n");
}
