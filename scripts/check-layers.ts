// Proves the direction of imports in src/: each layer imports only what the table allows, and there is
// no circle anywhere, imports of types included. A circle of types costs nothing at run time, and still
// means that neither file can be read, moved or tested without the other.
import { existsSync, globSync, readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { Visitor, parseSync, type StringLiteral } from "oxc-parser";
import manifest from "../package.json" with { type: "json" };

const root = join(import.meta.dirname, "..");
const PRIMITIVES = ["structure", "sync", "channels", "combine", "policy"];
const ADAPTERS = ["interop", "host"];
const FRONT = ["run", "index", "lowlevel"];
const BELOW_FRONT = ["kernel", ...PRIMITIVES, ...ADAPTERS];

/** What a layer may import besides itself. A layer is the first part of a path inside src/. */
const MAY_IMPORT: Record<string, readonly string[] | "anything"> = {
  kernel: [],
  ...each(PRIMITIVES, ["kernel", ...PRIMITIVES]),
  ...each(ADAPTERS, BELOW_FRONT),
  // A subpath of its own, which nothing below imports: its sources are the host's, and it makes runs.
  streams: [...BELOW_FRONT, "run"],
  ...each(FRONT, [...BELOW_FRONT, ...FRONT]),
  testing: ["index", "lowlevel"],
  ...each(["http", "node", "executors", "inspect"], ["index", "lowlevel"]),
  cron: ["index"],
  eslint: [],
  cli: "anything",
};

/** Who may import a module of Node. Packages are for the command alone, which is bundled. */
const USES_NODE = /^src\/(host\/node|node\/|executors\/|inspect\/|cli\/)/;

/** Optional peers, each for the file or the folder that loads it. */
const PEERS: Record<string, readonly string[]> = {
  "src/cron.ts": ["croner"],
  "src/executors/threads/": ["piscina"],
  "src/executors/cluster/": ["bullmq", "ioredis"],
};

const LONGEST = 450;

interface Import {
  readonly from: string;
  readonly to: string;
  readonly line: number;
}

const problems: string[] = [];
const files = globSync("src/**/*.ts", { cwd: root })
  .map((file) => file.replaceAll("\\", "/"))
  .sort();
const graph = new Map<string, Import[]>();

for (const file of files) {
  if (MAY_IMPORT[layerOf(file)] === undefined) {
    problems.push(`${file} is in no layer: give "${layerOf(file)}" a line in scripts/check-layers.ts`);
  }
  const imports = importsOf(file);
  for (const edge of imports) checkDirection(edge);
  if (!isTest(file)) graph.set(file, imports);
}
for (const circle of circles()) problems.push(`a circle: ${circle.join("\n    → ")}`);
for (const file of globSync("{src,scripts,examples,bench,tests}/**/*.ts", {
  cwd: root,
  exclude: ["**/node_modules/**"],
})) {
  checkLength(file);
}

for (const problem of problems) console.error(problem);
const count = [...graph.values()].reduce((sum, imports) => sum + imports.length, 0);
console.log(`${files.length} files, ${count} imports, problems: ${problems.length}`);
process.exitCode = problems.length > 0 ? 1 : 0;

function each(layers: readonly string[], allowed: readonly string[]): Record<string, readonly string[]> {
  return Object.fromEntries(layers.map((layer) => [layer, allowed]));
}

function isTest(file: string): boolean {
  return /\.test(-d)?\.ts$/.test(file);
}

function layerOf(file: string): string {
  return /^src\/([^/.]+)/.exec(file)?.[1] ?? file;
}

/** Every import of a file: static, re-exported, dynamic, and `import("…")` in a type. */
function importsOf(file: string): Import[] {
  const text = readFileSync(join(root, file), "utf8");
  const { program, errors } = parseSync(file, text);
  for (const error of errors) problems.push(`${file}: ${error.message}`);
  const imports: Import[] = [];
  const add = (source: StringLiteral | null): void => {
    if (source === null) return;
    const line = text.slice(0, source.start).split("\n").length;
    imports.push({ from: file, to: resolve(file, source.value, line), line });
  };
  new Visitor({
    ImportDeclaration: (node) => add(node.source),
    ExportNamedDeclaration: (node) => add(node.source),
    ExportAllDeclaration: (node) => add(node.source),
    ImportExpression: (node) => {
      if (node.source.type === "Literal" && typeof node.source.value === "string") add(node.source);
    },
    TSImportType: (node) => add(node.source),
  }).visit(program);
  return imports;
}

/** A path inside the repository, or the bare name of a package or a module of Node. */
function resolve(file: string, specifier: string, line: number): string {
  if (specifier === manifest.name || specifier.startsWith(`${manifest.name}/`)) {
    const target = Object.entries(manifest.exports).find(
      ([subpath]) => specifier === manifest.name + subpath.slice(1),
    )?.[1];
    if (typeof target === "object") return target["@cede/source"].slice("./".length);
    problems.push(`${file}:${line} imports ${specifier}, which package.json does not export`);
    return specifier;
  }
  if (!specifier.startsWith(".")) return specifier;
  const path = relative(root, join(root, dirname(file), specifier)).replaceAll("\\", "/");
  if (!existsSync(join(root, path)))
    problems.push(`${file}:${line} imports ${specifier}, which does not exist`);
  return path;
}

function peersOf(file: string): readonly string[] {
  return Object.entries(PEERS).find(([place]) => file.startsWith(place))?.[1] ?? [];
}

function checkDirection({ from, to, line }: Import): void {
  const layer = layerOf(from);
  const allowed = MAY_IMPORT[layer] ?? "anything";
  const at = `${from}:${line}`;
  if (!to.startsWith("src/")) {
    if (allowed === "anything" || isTest(from)) return;
    if (to.startsWith("node:") && USES_NODE.test(from)) return;
    if (peersOf(from).includes(to)) return;
    problems.push(`${at} imports ${to}: the library runs everywhere and depends on nothing`);
  } else if (layerOf(to) === "cli") {
    if (layer !== "cli") problems.push(`${at} imports ${to}: nothing imports the command`);
  } else if (
    allowed !== "anything" &&
    !isTest(from) &&
    layerOf(to) !== layer &&
    !allowed.includes(layerOf(to))
  ) {
    const others = allowed.filter((other) => other !== layer);
    const may = others.length > 0 ? `itself, ${others.join(", ")}` : "nothing but itself";
    problems.push(`${at} imports ${to}: ${layer} may import ${may}`);
  }
}

/** One circle for every knot of files that import each other, as the shortest way round from its first file. */
function circles(): string[][] {
  const found: string[][] = [];
  const knotted = new Set<string>();
  for (const file of graph.keys()) {
    if (knotted.has(file)) continue;
    const circle = shortestWay(file, file);
    if (circle === undefined) continue;
    found.push(circle);
    for (const member of circle) knotted.add(member.replace(/:\d+$/, ""));
  }
  return found;
}

function shortestWay(start: string, goal: string): string[] | undefined {
  const cameFrom = new Map<string, Import>();
  const queue = [start];
  for (let file = queue.shift(); file !== undefined; file = queue.shift()) {
    for (const edge of graph.get(file) ?? []) {
      if (cameFrom.has(edge.to)) continue;
      cameFrom.set(edge.to, edge);
      queue.push(edge.to);
      if (edge.to !== goal) continue;
      const way = [goal];
      for (let step = edge; ; step = cameFrom.get(step.from) ?? step) {
        way.unshift(`${step.from}:${step.line}`);
        if (step.from === start) return way;
      }
    }
  }
  return undefined;
}

/** A long file says at its top why it stays whole; otherwise there is a second idea in it. */
function checkLength(file: string): void {
  const lines = readFileSync(join(root, file), "utf8").split("\n");
  if (lines.length <= LONGEST || /stays whole/i.test(lines.slice(0, 20).join("\n"))) return;
  problems.push(
    `${file} has ${lines.length} lines: split it, or say in its first 20 lines why it "stays whole"`,
  );
}
