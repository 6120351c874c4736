// Checks the package as somebody who installs it has it: packs what `npm run build` made, unpacks that
// into an empty project, and there asks publint and Are The Types Wrong about its shape, compiles against
// its types without any of Node's, and runs the short suite and the command on each supported Node.
import { checkPackage, createPackageFromTarballData } from "@arethetypeswrong/core";
import { spawnSync, type SpawnSyncReturns } from "node:child_process";
import {
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { publint } from "publint";
import { formatMessage } from "publint/utils";
import manifest from "../package.json" with { type: "json" };
import { otherNode } from "./runtimes.ts";

const root = join(import.meta.dirname, "..");
const project = mkdtempSync(join(tmpdir(), "cede-package-"));
const installed = join(project, "node_modules", manifest.name);
const problems: string[] = [];

try {
  const tarball = packed();
  await checkShape(tarball);
  checkTypes();
  for (const node of [process.execPath, otherNode(22)]) if (node !== undefined) checkRuns(node);
} finally {
  rmSync(project, { recursive: true, force: true });
}
for (const problem of problems) console.error(problem);
process.exitCode = problems.length > 0 ? 1 : 0;

function packed(): Buffer<ArrayBuffer> {
  const { status, stdout, stderr } = execute(
    "npm",
    ["pack", "--json", "--ignore-scripts", "--pack-destination", project],
    root,
  );
  if (status !== 0) throw new Error(`npm pack failed: ${stderr}`);
  const report: unknown = JSON.parse(stdout);
  const [entry] = Object.values(
    report as Record<string, { filename: string; size: number; entryCount: number }>,
  );
  if (entry === undefined) throw new Error(`npm pack made nothing: ${stdout}`);
  console.log(`${entry.filename}: ${entry.entryCount} files, ${(entry.size / 1024).toFixed(0)} kB`);
  mkdirSync(join(project, "node_modules"));
  const { status: unpacked } = execute("tar", ["-xzf", entry.filename], project);
  if (unpacked !== 0) throw new Error(`Cannot unpack ${entry.filename}`);
  renameSync(join(project, "package"), installed);
  return readFileSync(join(project, entry.filename));
}

async function checkShape(tarball: Buffer<ArrayBuffer>): Promise<void> {
  const { buffer, byteOffset, byteLength } = tarball;
  const pack = { tarball: buffer.slice(byteOffset, byteOffset + byteLength) };
  const { messages, pkg } = await publint({ pack, strict: true });
  for (const message of messages) problems.push(`publint: ${formatMessage(message, pkg) ?? message.code}`);

  const analysis = await checkPackage(createPackageFromTarballData(tarball));
  if (analysis.types === false) problems.push("attw: the package has no types");
  else {
    for (const problem of analysis.problems) {
      // ESM only, and subpaths need a resolver that knows `exports`: both are decided.
      const kind = "resolutionKind" in problem ? problem.resolutionKind : undefined;
      if (kind === "node10" || kind === "node16-cjs") continue;
      problems.push(
        `attw: ${JSON.stringify(problem, (key, value: unknown) => (key === "trace" ? undefined : value))}`,
      );
    }
  }
}

function checkTypes(): void {
  const subpaths = Object.entries(manifest.exports).filter(([, target]) => typeof target === "object");
  const imports = subpaths.map(
    ([subpath], index) => `import * as part${index} from "${manifest.name}${subpath.slice(1)}";`,
  );
  const uses = subpaths.map((_, index) => `part${index}`);
  writeFileSync(
    join(project, "uses.ts"),
    `${imports.join("\n")}\nexport const used: unknown[] = [${uses.join(", ")}];\n`,
  );
  for (const resolution of ["NodeNext", "Bundler"]) {
    const compilerOptions = {
      target: "ES2022",
      lib: ["ES2022", "ESNext.Disposable", "DOM"],
      module: resolution === "NodeNext" ? "NodeNext" : "ESNext",
      moduleResolution: resolution,
      types: [],
      strict: true,
      exactOptionalPropertyTypes: true,
      skipLibCheck: false,
      noEmit: true,
    };
    writeFileSync(join(project, "tsconfig.json"), JSON.stringify({ compilerOptions, files: ["uses.ts"] }));
    const compiler = join(root, "node_modules/typescript/bin/tsc");
    const { status, stdout } = execute(process.execPath, [compiler, "--pretty", "false", "-p", "."], project);
    if (status !== 0) problems.push(`its types do not compile (moduleResolution ${resolution}):\n${stdout}`);
  }
}

function checkRuns(node: string): void {
  copyFileSync(join(root, "tests/runtimes/smoke.mjs"), join(project, "smoke.mjs"));
  const smoke = execute(node, ["smoke.mjs"], project);
  process.stdout.write(smoke.stdout);
  if (smoke.status !== 0) problems.push(`the short suite fails on ${node}:\n${smoke.stderr}`);

  // Nothing is installed beside it: what needs an optional peer says so, and how to get it.
  const peer = execute(node, ["--input-type=module", "--eval", `import "${manifest.name}/cron"`], project);
  if (!peer.stderr.includes("npm install croner")) {
    problems.push(`without croner, ${manifest.name}/cron on ${node} says:\n${peer.stderr}`);
  }

  const command = execute(node, [join(installed, manifest.bin.cede), "--version"], project);
  if (command.stdout.trim() !== manifest.version) {
    problems.push(`cede --version on ${node} printed "${command.stdout.trim()}"\n${command.stderr}`);
  }
}

function execute(command: string, args: readonly string[], cwd: string): SpawnSyncReturns<string> {
  const env = { ...process.env, NODE_OPTIONS: "", NO_COLOR: "1" };
  return spawnSync(command, args, { cwd, env, encoding: "utf8", timeout: 60_000 });
}
