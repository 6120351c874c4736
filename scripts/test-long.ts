/**
 * `npm run test:long`: the tests that search orders, for longer: 10,000 random schedules of each kind of program, and every
 * order of more of them; and the properties, with data drawn anew. Arguments go to Vitest: `npm run test:long -- semaphore`.
 */
import { spawnSync } from "node:child_process";
import { globSync, readFileSync } from "node:fs";

const asked = process.argv.slice(2);
const properties = globSync(["src/**/*.test.ts", "tests/*/*.test.ts"]).filter((file) =>
  readFileSync(file, "utf8").includes("support/fast-check.ts"),
);
const files = asked.length > 0 ? asked : ["tests/explore", ...properties];
const vitest = ["node_modules/vitest/vitest.mjs", "run", "--project", "unit", "--testTimeout", "600000"];
const { status } = spawnSync(process.execPath, [...vitest, ...files], {
  cwd: new URL("..", import.meta.url),
  env: { ...process.env, CEDE_LONG: "1" },
  stdio: "inherit",
});
process.exitCode = status ?? 1;
