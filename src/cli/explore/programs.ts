// The programs that a file exports.
import { statSync } from "node:fs";
import { createRequire } from "node:module";
import { parse, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import type { Awaitable } from "cede";
import { printable } from "../render/text.ts";
import { UsageError } from "../usage-error.ts";

export interface Program {
  readonly name: string;
  readonly main: () => Awaitable<unknown>;
}

export interface Programs {
  readonly programs: readonly Program[];
  /** What else is exported, and why it is none: "deposit, which takes parameters". */
  readonly passedOver: readonly string[];
}

export async function loadPrograms(file: string): Promise<Programs> {
  const found = statSync(file, { throwIfNoEntry: false });
  if (found?.isDirectory() === true) {
    throw new UsageError(
      `Cannot explore ${printable(file)}: it is a folder.`,
      "Name one of its files, of tests or of programs, as in `cede explore bank.test.ts`.",
    );
  }
  if (found?.isFile() !== true) {
    throw new UsageError(
      `Cannot explore ${printable(file)}: there is no such file.`,
      "Name a module that exports programs, as in `cede explore race.ts`.",
    );
  }
  const exported = await importOf(file);
  const [stem = "default"] = parse(file).base.split(".");
  const programs: Program[] = [];
  const passedOver: string[] = [];
  for (const [key, value] of Object.entries(exported)) {
    const name = key === "default" && !(stem in exported) ? stem : key;
    const why = whyNot(value);
    if (why === undefined) programs.push({ name, main: value as Program["main"] });
    else passedOver.push(`${printable(name)}, which ${why}`);
  }
  if (programs.length > 0) return { programs, passedOver };
  const but = passedOver.length > 0 ? `, but ${passedOver.join("; ")}` : "";
  throw new UsageError(`Cannot explore ${printable(file)}: it exports no program${but}.`, SAMPLE);
}

/** The same copy of the library as the file's own imports of it get: another one would have another loop. */
export async function testingOf(file: string): Promise<typeof import("cede/testing")> {
  const path = resolve(file);
  let own: string;
  try {
    own = createRequire(path).resolve("cede/testing");
  } catch {
    return import("cede/testing"); // what it exports does without
  }
  return import(pathToFileURL(own).href);
}

export function choose({ programs, passedOver }: Programs, file: string, only?: string): readonly Program[] {
  if (only === undefined) return programs;
  const program = programs.find(({ name }) => name === only);
  if (program !== undefined) return [program];
  const other = passedOver.find((text) => text.startsWith(`${only}, `));
  throw new UsageError(
    other === undefined
      ? `Cannot explore "${printable(only)}": ${printable(file)} exports no program of that name.`
      : `Cannot explore ${other}.`,
    `Its programs: ${programs.map(({ name }) => printable(name)).join(", ")}.`,
  );
}

function whyNot(value: unknown): string | undefined {
  if (typeof value !== "function") return "is no function";
  if (/^class\b/.test(Function.prototype.toString.call(value))) return "is a class";
  if (value.length > 0) return value.length === 1 ? "takes a parameter" : "takes parameters";
  return value.constructor.name.startsWith("Async") ? "is async: write function* instead" : undefined;
}

async function importOf(file: string): Promise<Record<string, unknown>> {
  try {
    return await import(pathToFileURL(resolve(file)).href);
  } catch (error) {
    throw notImported(file, error);
  }
}

export function notImported(file: string, error: unknown): UsageError {
  return new UsageError(`Cannot explore ${printable(file)}: importing it failed.`, reasonOf(error));
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return `It threw ${String(error)}.`;
  const { code } = error as NodeJS.ErrnoException;
  if (code === "ERR_UNKNOWN_FILE_EXTENSION" && /"\.[mc]?ts"/.test(error.message)) {
    return (
      `Node ${process.version} does not take TypeScript as it is. Use Node 22.18 or later, or set\n` +
      "NODE_OPTIONS=--experimental-strip-types."
    );
  }
  if (code === "ERR_MODULE_NOT_FOUND" && /'cede'/.test(error.message))
    return "It cannot find the package cede from where it is: npm install cede.";
  return error.stack ?? error.message;
}

const SAMPLE = `A program is a function without parameters that makes its state, runs tasks, and throws if they break it:

  import { taskGroup } from "cede";

  export function* transfer() {
    const account = { balance: 100 };
    yield* taskGroup(function* (group) {
      group.createTask(() => deposit(account, 10));
      group.createTask(() => deposit(account, 20));
    });
    if (account.balance !== 130) throw new Error(\`\${account.balance}, not 130\`);
  }`;
