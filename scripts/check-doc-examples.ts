// Every example a reader sees is compiled and run: each ```ts block of README.md and docs/**, and of the
// `@example` sections of doc comments in src/. Each block is a module of its own and carries its imports.
//
// What an example prints is part of it. In Markdown, a ```text block right after it is its exact output;
// in a doc comment, so are its `// prints: …` comments, line by line. An example that promises no output
// must still end well within ten seconds. ```ts no-run is compiled only. ```ts jobs.ts is a module that the
// other blocks of its document import by that name. ```ts redis is given a Redis of its own, by $REDIS_URL; it
// is compiled only where redis-server is not installed.
//
// And what the package exports has such a comment: see public-names.ts.
import { spawn } from "node:child_process";
import { globSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { dirname, join } from "node:path";
import { parseSync } from "oxc-parser";
import { atExit } from "../tests/support/at-exit.ts";
import { RedisServer, withoutRedis } from "../tests/support/redis-server.ts";
import { ENTRIES, fromDisk, undocumented } from "./public-names.ts";

const root = join(import.meta.dirname, "..");
// Inside the repository, so that `import … from "cede"` is the package's own name, and outside
// node_modules, where Node refuses to strip types.
mkdirSync(join(root, ".doc-examples"), { recursive: true });
const workFolder = mkdtempSync(join(root, ".doc-examples", "run-"));
atExit(() => rmSync(workFolder, { recursive: true, force: true }));
/** What examples take for the system's folder of temporary files: it goes with the others. */
const temporary = join(workFolder, "temporary");
mkdirSync(temporary);
const LIMIT_MS = 10_000;

interface Line {
  readonly text: string;
  readonly number: number;
}

interface Example {
  /** Where its first line of code stands, as file:line. */
  readonly at: string;
  readonly firstLine: number;
  readonly file: string;
  readonly code: string;
  readonly expected: string | undefined;
  /** The name that the document gives it: it is a module for the others. */
  readonly name: string | undefined;
  readonly runs: boolean;
  readonly needsRedis: boolean;
}

interface Block {
  readonly info: string;
  readonly firstLine: number;
  readonly code: string;
  /** Whether only blank lines stand between this block and the one before. */
  readonly followsBlock: boolean;
}

const noRedis = withoutRedis();
const examples = [...markdownExamples(), ...docCommentExamples()];
/** Those of a document have a folder together. */
const documents = [...new Set(examples.map(({ file }) => file))];
examples.forEach((example, index) => {
  const module = moduleOf(index);
  mkdirSync(dirname(module), { recursive: true });
  writeFileSync(module, `${example.code}\nexport {};\n`, { flag: "wx" });
});
writeFileSync(
  join(workFolder, "tsconfig.json"),
  JSON.stringify({ extends: "../../tsconfig.json", include: ["./*/*.ts"], exclude: [] }),
);

const failures = [...undocumented(ENTRIES, fromDisk(root)), ...(await typeErrors()), ...(await wrongRuns())];
for (const failure of failures) console.error(`${failure}\n`);
console.log(`${examples.length} examples, problems: ${failures.length}`);
process.exitCode = failures.length > 0 ? 1 : 0;

function moduleOf(index: number): string {
  const { file, name = `example-${index}.ts` } = examples[index]!;
  return join(workFolder, `${documents.indexOf(file)}`, name);
}

function markdownExamples(): Example[] {
  return globSync(["README.md", "docs/**/*.md"], { cwd: root, exclude: ["**/node_modules/**"] }).flatMap(
    (file) => {
      const lines = readFileSync(join(root, file), "utf8").split("\n");
      const blocks = blocksIn(
        file,
        lines.map((text, index) => ({ text, number: index + 1 })),
      );
      return blocks.flatMap((block, index) => {
        const next = blocks[index + 1];
        const expected = next?.info === "text" && next.followsBlock ? next.code : undefined;
        return exampleOf(file, block, expected);
      });
    },
  );
}

function docCommentExamples(): Example[] {
  return globSync("src/**/*.ts", { cwd: root, exclude: ["**/*.test.ts", "**/*.test-d.ts"] }).flatMap(
    (file) => {
      const text = readFileSync(join(root, file), "utf8");
      const comments = parseSync(file, text).comments.filter(
        (comment) => comment.type === "Block" && comment.value.startsWith("*"),
      );
      return comments.flatMap((comment) => {
        const firstLine = text.slice(0, comment.start).split("\n").length;
        const lines = comment.value.split("\n").map((line, index) => ({
          text: line.replace(/^\s*\*? ?/, ""),
          number: firstLine + index,
        }));
        return exampleSections(lines).flatMap((section) => {
          const blocks = blocksIn(file, section);
          if (blocks.length === 0)
            throw new Error(`${file}:${section[0]!.number}: this @example has no block of code`);
          return blocks.flatMap((block) => exampleOf(file, block, promisedOutput(block.code)));
        });
      });
    },
  );
}

function exampleOf(file: string, block: Block, expected: string | undefined): Example[] {
  const [language, ...options] = block.info.split(/\s+/);
  if (language !== "ts" && language !== "typescript") return [];
  const { code, firstLine } = block;
  const name = options.find((option) => option.endsWith(".ts"));
  const runs = name === undefined && !options.includes("no-run");
  const needsRedis = options.includes("redis");
  return [{ at: `${file}:${firstLine}`, firstLine, file, code, expected, name, runs, needsRedis }];
}

/** The parts of a doc comment from each `@example` to the next tag. */
function exampleSections(lines: readonly Line[]): Line[][] {
  const sections: Line[][] = [];
  let current: Line[] | undefined;
  let fenced = false;
  for (const line of lines) {
    if (line.text.trimStart().startsWith("```")) fenced = !fenced;
    const tag = fenced ? null : /^@(\w+)/.exec(line.text.trim());
    if (tag !== null) {
      current = tag[1] === "example" ? [] : undefined;
      if (current !== undefined) sections.push(current);
    }
    current?.push(line);
  }
  return sections;
}

function promisedOutput(code: string): string | undefined {
  const prints = [...code.matchAll(/\/\/ prints: ?(.*)$/gm)].map((match) => match[1] ?? "");
  return prints.length > 0 ? prints.join("\n") : undefined;
}

function blocksIn(file: string, lines: readonly Line[]): Block[] {
  const blocks: Block[] = [];
  let open: { fence: string; indent: number; info: string; firstLine: number; code: string[] } | undefined;
  let followsBlock = false;
  for (const { text, number } of lines) {
    if (open === undefined) {
      const start = /^(\s*)(`{3,})\s*([^`]*)$/.exec(text);
      if (start !== null) {
        const [, indent = "", fence = "", info = ""] = start;
        open = { fence, indent: indent.length, info: info.trim(), firstLine: number + 1, code: [] };
      } else if (text.trim() !== "") followsBlock = false;
    } else if (text.trim() === open.fence) {
      blocks.push({ info: open.info, firstLine: open.firstLine, code: open.code.join("\n"), followsBlock });
      open = undefined;
      followsBlock = true;
    } else {
      open.code.push(/^\s*$/.test(text.slice(0, open.indent)) ? text.slice(open.indent) : text);
    }
  }
  if (open !== undefined) throw new Error(`${file}:${open.firstLine - 1}: this block is never closed`);
  return blocks;
}

/** All examples in one run of the compiler. */
async function typeErrors(): Promise<string[]> {
  if (examples.length === 0) return [];
  const { code, stdout } = await execute([
    join(root, "node_modules/typescript/bin/tsc"),
    "--pretty",
    "false",
    "-p",
    workFolder,
  ]);
  if (code === 0) return [];
  return stdout
    .trim()
    .split(/\n(?! )/)
    .map((message) => placed(message.replace(/\((\d+),(\d+)\)/, ":$1:$2")));
}

/** Places in the modules made here, told as places in the documents. */
function placed(text: string): string {
  return text.replaceAll(/\S*?(\d+\/[\w.-]+\.ts):(\d+)/g, (place, module: string, line: string) => {
    const example = examples[examples.findIndex((_, index) => moduleOf(index) === join(workFolder, module))];
    return example === undefined ? place : `${example.file}:${example.firstLine + Number(line) - 1}`;
  });
}

async function wrongRuns(): Promise<string[]> {
  const waiting = examples
    .map((example, index) => ({ example, index }))
    .filter(({ example }) => example.runs);
  const wrong: { index: number; text: string }[] = [];
  const worker = async (): Promise<void> => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      const text = await problemOf(next.example, next.index);
      if (text !== undefined) wrong.push({ index: next.index, text });
    }
  };
  await Promise.all(Array.from({ length: Math.min(4, availableParallelism()) }, worker));
  return wrong.sort((a, b) => a.index - b.index).map(({ text }) => text);
}

async function problemOf(example: Example, index: number): Promise<string | undefined> {
  if (example.needsRedis && noRedis) return undefined;
  const redis = example.needsRedis ? await RedisServer.start() : undefined;
  const env = redis === undefined ? {} : { REDIS_URL: redis.url };
  const { code, stdout, stderr } = await execute(["--conditions=@cede/source", moduleOf(index)], env);
  await redis?.close();
  const said = stderr.trim() === "" ? "" : `\n${indented(placed(stderr.trim()))}`;
  if (code === "too long") return `${example.at}: the example did not end within ${LIMIT_MS / 1000} s${said}`;
  if (code !== 0) return `${example.at}: the example ended with exit code ${code}${said}`;
  if (example.expected === undefined || stdout.trimEnd() === example.expected.trimEnd()) return undefined;
  return `${example.at}: the example prints something else (- promised, + printed)\n${difference(example.expected, stdout)}${said}`;
}

interface Ending {
  readonly code: number | null | "too long";
  readonly stdout: string;
  readonly stderr: string;
}

async function execute(
  args: readonly string[],
  more: Readonly<Record<string, string>> = {},
): Promise<Ending> {
  return new Promise((resolve, reject) => {
    const env = { ...process.env, TMPDIR: temporary, ...more, NO_COLOR: "1" };
    const child = spawn(process.execPath, args, { cwd: root, env, stdio: ["ignore", "pipe", "pipe"] });
    const output = { stdout: "", stderr: "" };
    let late = false;
    const timer = setTimeout(() => {
      late = true;
      child.kill("SIGKILL");
    }, LIMIT_MS);
    child.stdout.setEncoding("utf8").on("data", (text: string) => (output.stdout += text));
    child.stderr.setEncoding("utf8").on("data", (text: string) => (output.stderr += text));
    child.on("error", reject);
    child.on("close", (code) => {
      clearTimeout(timer);
      resolve({ code: late ? "too long" : code, ...output });
    });
  });
}

function difference(promised: string, printed: string): string {
  const before = promised.trimEnd().split("\n");
  const after = printed.trimEnd().split("\n");
  return Array.from({ length: Math.max(before.length, after.length) }, (_, line) => {
    const [was, is] = [before[line], after[line]];
    if (was === is) return `      ${is}`;
    return [was === undefined ? [] : `    - ${was}`, is === undefined ? [] : `    + ${is}`].flat().join("\n");
  }).join("\n");
}

function indented(text: string): string {
  return text.replaceAll(/^/gm, "      ");
}
