/** The systems that are compared: how each runs a program, and which version it is. */
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

const folder = import.meta.dirname;

const NODE: System["command"] = [
  process.execPath,
  "--import",
  pathToFileURL(join(folder, "virtual-time.js")).href,
];

export interface System {
  readonly title: string;
  /** Its file in a program's folder. */
  readonly file: string;
  /** What runs it, on a clock that jumps. */
  readonly command: readonly [string, ...string[]];
  /** `undefined`: it is not on this machine. */
  version(): string | undefined;
}

export const CEDE: System = {
  title: "Cede",
  file: "cede.ts",
  command: NODE,
  version: () => versionIn(join(folder, "../../package.json")),
};

export const SYSTEMS: readonly System[] = [
  CEDE,
  ofPackage("Effection", "effection"),
  ofPackage("Effect", "effect"),
  ofPackage("redux-saga", "redux-saga", "saga.js"),
  {
    title: "native promises",
    file: "promises.js",
    command: NODE,
    version: () => `Node ${process.versions.node}`,
  },
  {
    title: "asyncio",
    file: "python.py",
    command: ["python3", join(folder, "virtual_time.py")],
    version: () => {
      const { status, stdout } = spawnSync("python3", ["--version"], { encoding: "utf8" });
      return status === 0 ? stdout.trim() : undefined;
    },
  },
];

function ofPackage(title: string, name: string, file: string = `${name}.js`): System {
  return {
    title,
    file,
    command: NODE,
    version: () => versionIn(join(folder, "node_modules", name, "package.json")),
  };
}

function versionIn(path: string): string | undefined {
  if (!existsSync(path)) return undefined;
  return (JSON.parse(readFileSync(path, "utf8")) as { version: string }).version;
}
