// The other runtimes of tests/runtimes, installed when first asked for.
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";

const root = join(import.meta.dirname, "..");

/** The path of a Node of another major version, or undefined where none is published for this platform. */
export function otherNode(major: number): string | undefined {
  const setup = join(root, "scripts/setup.mjs");
  const { status } = spawnSync(process.execPath, [setup, "tests/runtimes"], { stdio: "inherit" });
  if (status !== 0) throw new Error(`Cannot install Node ${major}: see above`);
  const name = `node-${major}-${process.platform}-${process.arch}`;
  const path = join(root, "tests/runtimes/node_modules", name, "bin/node");
  if (existsSync(path)) return path;
  // On a developer's machine a missing runtime is a note; where everything has to be proved, a failure.
  if (process.env["CI"] === "true") throw new Error(`${name} is not among the runtimes of tests/runtimes`);
  console.log(`Skipped on Node ${major}: tests/runtimes has none for ${process.platform} on ${process.arch}`);
  return undefined;
}
