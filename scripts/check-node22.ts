// The suite again, on the oldest Node that the package supports.
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { otherNode } from "./runtimes.ts";

const node = otherNode(22);
if (node !== undefined) {
  const root = join(import.meta.dirname, "..");
  const vitest = join(root, "node_modules/vitest/vitest.mjs");
  const args = [vitest, "run", "--project", "unit", ...process.argv.slice(2)];
  process.exitCode = spawnSync(node, args, { cwd: root, stdio: "inherit" }).status ?? 1;
}
