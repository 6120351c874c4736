import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { expect, test } from "vitest";

const MAIN = join(import.meta.dirname, "../../src/cli/main.ts");

/** Starts the command on a Node that says that it is of this version, and has nothing newer. */
function cedeOn(version: string) {
  const fake = `
    import module from "node:module";
    delete module.enableCompileCache;
    module.syncBuiltinESMExports();
    Object.defineProperty(process, "versions", { value: { ...process.versions, node: "${version}" } });`;
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [
      "--conditions=@cede/source",
      "--import",
      `data:text/javascript,${encodeURIComponent(fake)}`,
      MAIN,
      "--version",
    ],
    { encoding: "utf8" },
  );
  return { status, stdout, stderr };
}

test.each(["18.20.8", "20.20.2", "22.11.0"])("on Node %s the command says what it needs", (version) => {
  expect(cedeOn(version)).toEqual({
    status: 2,
    stdout: "",
    stderr: `cede needs Node 22.12 or later; this is v${version}.\n`,
  });
});

test("from Node 22.12 on it runs, with a cache for what is compiled or without", () => {
  expect(cedeOn("22.12.0")).toMatchObject({ status: 0, stdout: expect.stringMatching(/^\d+\.\d+\.\d+\n$/) });
});
