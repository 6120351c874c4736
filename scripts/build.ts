// Builds what is published into dist/: the library file by file and the examples with the compiler, and
// the command as a bundle that holds its two dependencies but not the library, so that one copy of the
// library is installed.
import { spawnSync } from "node:child_process";
import { chmodSync, existsSync, globSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { rolldown, type OutputChunk, type Plugin } from "rolldown";

const root = join(import.meta.dirname, "..");
const source = join(root, "src");
const dist = join(root, "dist");

rmSync(dist, { recursive: true, force: true });
compile("tsconfig.build.json");
if (globSync("examples/*.ts", { cwd: root }).length > 0) compile("tsconfig.examples.json");
await bundleCommand();

function compile(project: string): void {
  const compiler = join(root, "node_modules/typescript/bin/tsc");
  const { status } = spawnSync(process.execPath, [compiler, "-p", join(root, project)], { stdio: "inherit" });
  if (status !== 0) process.exit(1);
}

async function bundleCommand(): Promise<void> {
  const bundle = await rolldown({
    input: join(source, "cli/main.ts"),
    platform: "node",
    plugins: [libraryStaysOutside()],
    resolve: { conditionNames: ["node", "import", "default"] },
    checks: { bundlerTimings: false },
  });
  const { output } = await bundle.write({
    dir: join(dist, "cli"),
    format: "esm",
    entryFileNames: "[name].js",
    chunkFileNames: "[name].js",
  });
  await bundle.close();
  chmodSync(join(dist, "cli/main.js"), 0o755);
  writeFileSync(join(dist, "cli/LICENSES.txt"), licensesOf(output.filter((file) => file.type === "chunk")));
}

/** Imports from src/cli of the rest of src become imports of dist, by either way of naming it. */
function libraryStaysOutside(): Plugin {
  return {
    name: "library-stays-outside",
    resolveId(specifier, importer) {
      if (/^cede(\/|$)/.test(specifier)) return { id: specifier, external: true };
      if (importer === undefined || !specifier.startsWith(".")) return null;
      const path = relative(source, join(dirname(importer), specifier));
      if (path.startsWith("..") || path.startsWith("cli/") || !path.endsWith(".ts")) return null;
      return { id: join(source, path.replace(/\.ts$/, ".js")), external: true };
    },
  };
}

/** The licences of what the bundle holds ask to travel with it. */
function licensesOf(chunks: readonly OutputChunk[]): string {
  const folders = new Set(
    chunks
      .flatMap((chunk) => Object.keys(chunk.modules))
      .flatMap((id) => /^.*\/node_modules\/(?:@[^/]+\/)?[^/]+/.exec(id.replaceAll("\\", "/"))?.[0] ?? []),
  );
  const texts = [...folders].sort().map((folder) => {
    const { name, version } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
    const [license] = globSync("{LICENSE,LICENCE,license}*", { cwd: folder });
    if (license === undefined || !existsSync(join(folder, license)))
      throw new Error(`${name} has no licence file`);
    return `${name} ${version}\n\n${readFileSync(join(folder, license), "utf8").trim()}\n`;
  });
  return `The command cede contains the following packages.\n\n${texts.join(`\n${"-".repeat(80)}\n\n`)}`;
}
