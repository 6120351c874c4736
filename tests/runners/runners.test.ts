import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { describe, expect, test } from "vitest";

describe("runTest in node:test", () => {
  const file = join(import.meta.dirname, "on-node.ts");
  const env = { ...process.env, NODE_TEST_CONTEXT: undefined, CEDE_SEED: undefined };
  const { stdout, stderr, status } = spawnSync(process.execPath, ["--test", "--test-reporter=tap", file], {
    encoding: "utf8",
    env,
  });

  test("passes what is right, and fails what is wrong", () => {
    expect(`${stdout}${stderr}`).toContain("ok 1 - passes: an hour takes no time");
    const results = [...stdout.matchAll(/^ +(not ok|ok) \d+ - (passes|fails)/gm)].map(
      ([, result, expected]) => `${expected} ${result}`,
    );
    expect(results).toEqual(["passes ok", "passes ok", "fails not ok", "fails not ok", "fails not ok"]);
    expect(status).toBe(1);
  });

  test("says why: who waits for what, what was left, in which order it ran", () => {
    expect(stdout).toContain('main#1 waits for future "the answer"');
    expect(stdout).toContain("poll#2 was unfinished: it waited for sleep 1000 ms");
    expect(stdout).toContain("Shuffled with seed 42: CEDE_SEED=42 runs it again in this order.");
  });
});
