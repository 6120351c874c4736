// Each recipe as a program of its own: what it prints, but for the seconds.
import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, test, vi } from "vitest";
import { withoutRedis } from "../support/redis-server.ts";
import { complaints } from "../support/complaints.ts";

vi.setConfig({ testTimeout: 30_000 }); // processes, and threads in them

const folder = join(import.meta.dirname, "../../examples/recipes");

async function printed(file: string, env = process.env): Promise<{ stdout: string; stderr: string }> {
  const args = ["--conditions=@cede/source", join(folder, file)];
  const { stdout, stderr } = await promisify(execFile)(process.execPath, args, { env });
  return { stdout: stdout.replaceAll(/\d+\.\d+ s/g, "… s"), stderr: complaints(stderr) };
}

test("two hundred waits on one loop", async () => {
  expect(await printed("waiting-on-one-loop.ts")).toEqual({
    stdout: "200 answers in … s; the waits add up to … s\n",
    stderr: "",
  });
});

test("work on one loop keeps it from everything else, and is told so", async () => {
  const { stdout } = await printed("work-on-one-loop.ts");
  expect(stdout).toBe(
    "There are 283146 primes below 4000000.\n" +
      "Did anything else have a turn in the midst of that? No.\n" +
      "One count took … s, two at once … s.\n",
  );
});

test("work on threads leaves the loop free, and what holds a thread is no news", async () => {
  expect(await printed("work-on-threads.ts")).toEqual({
    stdout:
      "There are 283146 primes below 4000000.\n" +
      "Did anything else have a turn in the midst of that? Yes.\n" +
      "One count took … s, two at once … s.\n",
    stderr: "",
  });
});

test("a pipeline of pictures gives them in their order", async () => {
  const { stdout, stderr } = await printed("picture-pipeline.ts");
  expect(stderr).toBe("");
  const lines = stdout.trimEnd().split("\n");
  expect(lines.slice(0, -1)).toEqual(
    Array.from({ length: 12 }, (_, i) =>
      expect.stringContaining(`picture-${i + 1}: 128 x 96, mean colour #`),
    ),
  );
  expect(lines.at(-1)).toBe("12 pictures; was painting ever far ahead? No.");
});

test.skipIf(withoutRedis())(
  "a crawl is shared by three worker processes, and nothing is left running",
  async () => {
    const { stdout } = await printed("crawl-on-three-workers.ts");
    const pages = Array.from({ length: 15 }, (_, i) => `Page ${String(i + 1).padStart(2, "0")}\n`);
    expect(stdout).toMatch(new RegExp(`^${pages.join("")}15 pages, visited by ((ann|bob|cy)(, )?)+\n$`));
  },
);

test("without redis-server, the crawl says what it needs", async () => {
  expect(await printed("crawl-on-three-workers.ts", { ...process.env, PATH: "" })).toEqual({
    stdout: "Skipped: redis-server is not installed. To have it: apt-get install redis-server.\n",
    stderr: "",
  });
});
