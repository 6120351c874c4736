// Whether a file holds programs or tests, and whose.
import { existsSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join, resolve } from "node:path";

export type RunnerName = "vitest" | "node:test" | "bun:test" | "jest";

const IMPORTS = /^\s*import\b[^;]*?["'](vitest|node:test|bun:test|@jest\/globals)["']/m;
const REQUIRES = /\brequire\(\s*["'](vitest|node:test|bun:test|@jest\/globals)["']\s*\)/;
const EXPORTS = /^\s*export\b/m;
const GLOBALS = /^\s*(?:describe|test|it)(?:\.\w+)*\s*\(/m;

/** The runner of a file's tests; `undefined`: it has none. It is read and not run: a test runs under its runner only. */
export function runnerOf(file: string): RunnerName | undefined {
  let text: string;
  try {
    text = withoutComments(readFileSync(file, "utf8"));
  } catch {
    return undefined; // it will be told that it cannot be read
  }
  const imported = (IMPORTS.exec(text) ?? REQUIRES.exec(text))?.[1];
  if (imported !== undefined) return imported === "@jest/globals" ? "jest" : (imported as RunnerName);
  if (EXPORTS.test(text) || !GLOBALS.test(text)) return undefined;
  // Both can have `test` be there without an import.
  return folderOfPackage("vitest", file) === undefined ? "jest" : "vitest";
}

/** Whole lines of them, and what stands between two slashes with stars: enough to not take an example for an import. */
function withoutComments(text: string): string {
  return text.replace(/^\s*\/\/.*$|^\s*\/\*[^]*?\*\//gm, "");
}

/** Where the package is that a file would import. */
export function folderOfPackage(name: string, file: string): string | undefined {
  try {
    return dirname(createRequire(resolve(file)).resolve(`${name}/package.json`));
  } catch {
    return undefined;
  }
}

/** The nearest folder, from that of the file upwards, which has one of these; otherwise the nearest package. */
export function rootOf(file: string, configurations: readonly string[]): string {
  let nearest: string | undefined;
  for (let folder = dirname(resolve(file)); ; folder = dirname(folder)) {
    if (configurations.some((name) => existsSync(join(folder, name)))) return folder;
    if (existsSync(join(folder, "package.json"))) nearest ??= folder;
    if (folder === dirname(folder)) return nearest ?? dirname(resolve(file));
  }
}
