// Runs every program of the comparison on every system, and writes what was seen into docs/comparison.md.
//
//   npm run comparison
//
// A system that is not on this machine is left out, and the document says so.
import { spawnSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { observe, type Facts } from "./observe.ts";
import { PROGRAMS } from "./programs.ts";
import { SYSTEMS } from "./systems.ts";
import { overview, sections, type Column } from "./table.ts";

const root = join(import.meta.dirname, "../..");
const document = join(root, "docs/comparison.md");

const setup = join(root, "scripts/setup.mjs");
spawnSync(process.execPath, [setup, "tests/comparison"], { stdio: "inherit" }); // what is missing is told below

const columns: Column[] = [];
const absent: string[] = [];
for (const system of SYSTEMS) {
  const version = system.version();
  if (version === undefined) {
    absent.push(system.title);
    continue;
  }
  console.log(`${system.title} ${version}`);
  const facts = new Map<string, Facts>();
  // One after another: the real time that each may take is for those that never end.
  for (const program of PROGRAMS) facts.set(program.name, await observe(program, system));
  columns.push({ title: system.title, version, facts });
}

const note = absent.length === 0 ? "" : `\n\nNot on the machine where this was run: ${absent.join(", ")}.`;
const parts = { overview: overview(columns) + note, programs: sections(columns) };
let text = readFileSync(document, "utf8");
for (const [name, content] of Object.entries(parts)) {
  const [begin, end] = [`<!-- ${name}: made by npm run comparison -->`, `<!-- end of ${name} -->`];
  const [from, to] = [text.indexOf(begin), text.indexOf(end)];
  if (from < 0 || to < from) throw new Error(`${document} lacks the markers "${begin}" and "${end}"`);
  text = `${text.slice(0, from + begin.length)}\n\n${content}\n\n${text.slice(to)}`;
}
writeFileSync(document, text);
spawnSync(process.execPath, [join(root, "node_modules/oxfmt/bin/oxfmt"), document], { stdio: "inherit" });
if (absent.length > 0) console.log(`Left out, since not on this machine: ${absent.join(", ")}`);
