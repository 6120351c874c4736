/** `cede worker`: what it says of a command line that cannot be run. */
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { expect, it } from "vitest";

const root = join(import.meta.dirname, "../..");
const JOBS = "tests/cluster/jobs.ts";

function worker(...args: string[]): { status: number | null; stdout: string; stderr: string } {
  const command = ["--conditions=@cede/source", "src/cli/main.ts", "worker", ...args];
  const env = { ...process.env, REDIS_URL: "redis://127.0.0.1:1" };
  return spawnSync(process.execPath, command, { cwd: root, encoding: "utf8", env });
}

it.for([
  [["--queue", "q"], /missing required argument 'module'/],
  [[JOBS], /required option '--queue <name>'/],
  [["no-such.ts", "--queue", "q"], /Cannot serve the jobs of "no-such\.ts": there is no such file\./],
  [[".", "--queue", "q"], /Cannot serve the jobs of "\.": it is a folder\.\n/],
  [["package.json", "--queue", "q"], /Cannot serve the jobs of "package\.json": it is no program\.\n/],
  [[JOBS, "--queue", "a:b"], /^Cannot use the queue "a:b"/],
  [[JOBS, "--queue", ""], /^Cannot use the queue ""/],
  [[JOBS, "--queue", "q", "--prefix", "{x}"], /^Cannot use the prefix "\{x\}"/],
  [[JOBS, "--queue", "q", "--redis", "localhost"], /Cannot reach Redis by "localhost"/],
  [[JOBS, "--queue", "q", "--concurrency", "0"], /Cannot use --concurrency 0/],
  [[JOBS, "--queue", "q", "--stalled", "soon"], /Cannot use --stalled soon/],
  [[JOBS, "--queue", "q", "--max-stalled", "-1"], /Cannot use --max-stalled -1/],
] as const)("refuses %o with exit code 2", ([args, message]) => {
  const { status, stdout, stderr } = worker(...args);
  expect(stderr).toMatch(message);
  expect({ status, stdout }).toEqual({ status: 2, stdout: "" });
});

it.for([
  ["tests/cluster/no-jobs.ts", /^Cannot serve the queue q: no-jobs\.ts exports no functions\./m],
  ["README.md", /^Unknown file extension "\.md" for \S+\n$/],
] as const)("refuses to serve %s with exit code 1, and shows no stack", ([file, message]) => {
  const { status, stdout, stderr } = worker(file, "--queue", "q");
  expect(stderr).toMatch(message);
  expect(stderr).not.toMatch(/\n +at /);
  expect({ status, stdout }).toEqual({ status: 1, stdout: "" });
});

it("tells in its help what it promises", () => {
  const { status, stdout } = worker("--help");
  expect(status).toBe(0);
  expect(stdout).toMatch(/--queue <name>[^]*Exit code: 130 after SIGINT, 143 after SIGTERM/);
});
