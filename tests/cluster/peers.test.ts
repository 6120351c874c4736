/** The packages that clusters are built on: loaded when one is opened, and named where they are missing. */
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { expect, it } from "vitest";

const root = join(import.meta.dirname, "../..");

/** Runs a program with `asked`, a list of what was imported; `without`: what cannot be found. */
function program(text: string, without = "nothing"): string {
  const code = `
    import { registerHooks } from "node:module";
    const asked = [];
    registerHooks({
      resolve(name, context, next) {
        asked.push(name);
        if (name === ${JSON.stringify(without)}) throw new Error("there is no " + name);
        return next(name, context);
      },
    });
    const { run } = await import("cede");
    const { cluster, serveCluster } = await import("cede/executors");
    ${text}`;
  const args = ["--conditions=@cede/source", "--input-type=module", "-e", code];
  const { stdout, stderr } = spawnSync(process.execPath, args, { cwd: root, encoding: "utf8" });
  return stdout + stderr;
}

it("are not loaded by importing cede/executors", () => {
  const printed = program(`console.log(asked.filter((name) => /^(bullmq|ioredis|piscina)$/.test(name)));`);
  expect(printed).toBe("[]\n");
});

it.for(["bullmq", "ioredis"])("are named with how to install them: %s", (missing) => {
  const open = `cluster({ queue: "q", redis: "redis://127.0.0.1:1" })`;
  const serve = `serveCluster({}, { queue: "q", redis: "redis://127.0.0.1:1" })`;
  for (const use of [open, serve]) {
    const printed = program(
      `await run(function* () { yield* ${use}; }).catch((error) => console.log(error.name, error.message));`,
      missing,
    );
    expect(printed).toMatch(/^InvalidStateError Cannot use a cluster: the package /);
    expect(printed).toContain("npm install bullmq ioredis");
    expect(printed).toContain(missing);
  }
});
