import { spawnSync } from "node:child_process";
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { temporaryFolder } from "../support/temporary-folder.ts";

const root = join(import.meta.dirname, "../..");
const NEEDED = "Node 20.19 or a later 20, or 22.12 or later";

/** Sets up a clone that holds nothing yet, on a Node that says that it is of this version. */
function setUp(version: string): { status: number | null; stderr: string } {
  const clone = temporaryFolder();
  mkdirSync(join(clone, "scripts"));
  mkdirSync(join(clone, "node_modules"));
  copyFileSync(join(root, "scripts/setup.mjs"), join(clone, "scripts/setup.mjs"));
  // A binary for every platform, which this npm skips as one does that finds no Node it was made for.
  const binary = { os: [process.platform], cpu: [process.arch] };
  writeFileSync(
    join(clone, "package-lock.json"),
    JSON.stringify({ packages: { "node_modules/binary": binary } }),
  );
  const npm = join(clone, "npm.js");
  writeFileSync(npm, "");
  const fake = `Object.defineProperty(process, "versions", { value: { ...process.versions, node: "${version}" } })`;
  const { status, stderr } = spawnSync(
    process.execPath,
    ["--import", `data:text/javascript,${encodeURIComponent(fake)}`, join(clone, "scripts/setup.mjs")],
    { encoding: "utf8", env: { ...process.env, npm_execpath: npm } },
  );
  return { status, stderr };
}

test.each(["18.20.8", "20.18.3", "21.7.3", "22.11.0"])(
  "Node %s is refused before npm is asked",
  (version) => {
    expect(setUp(version)).toEqual({
      status: 1,
      stderr: `Set-up failed: a clone is set up by ${NEEDED}; this is v${version}. Install Node 24 and run the command again.\n`,
    });
  },
);

test.each(["20.19.0", "20.20.2", "22.12.0", "23.0.0", "24.0.0"])("Node %s is not", (version) => {
  expect(setUp(version).stderr).toContain("npm skipped node_modules/binary.");
});

test("that is what the native parts of the lock file ask for, and what the documents say", () => {
  const { packages } = JSON.parse(readFileSync(join(root, "package-lock.json"), "utf8")) as {
    packages: Record<
      string,
      { os?: string | string[]; cpu?: string | string[]; engines?: { node?: string } }
    >;
  };
  const asked = Object.values(packages)
    .filter(({ os, cpu }) => [os].flat().includes("linux") && /x64|arm64/.test(`${cpu}`))
    .flatMap(({ engines }) => engines?.node ?? [])
    .filter((range) => !/^>= ?(?:1\d|20\.0)(?:\.\d+)*$/.test(range));
  expect(new Set(asked)).toEqual(new Set(["^20.19.0 || >=22.12.0"]));
  const flat = (file: string) => readFileSync(join(root, file), "utf8").replaceAll(/\s+/g, " ");
  for (const file of ["README.md", "CONTRIBUTING.md"]) expect(flat(file)).toContain(NEEDED);
});
