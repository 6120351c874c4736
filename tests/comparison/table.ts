/** What was seen, as Markdown: which programs went as one would wish, and then each with its facts. */
import type { Facts } from "./observe.ts";
import { PROGRAMS, type Program } from "./programs.ts";

export interface Column {
  readonly title: string;
  readonly version: string;
  /** By the name of the program. */
  readonly facts: ReadonlyMap<string, Facts>;
}

const NONE = "not offered";

export function overview(columns: readonly Column[]): string {
  const rows = PROGRAMS.map((program, index) => [
    `${index + 1}. ${program.title}`,
    ...columns.map(({ facts }) => mark(program, facts.get(program.name) ?? null)),
  ]);
  return table(["", ...columns.map(({ title, version }) => `${title}<br>${version}`)], rows);
}

export function sections(columns: readonly Column[]): string {
  return PROGRAMS.map((program, index) => section(program, index + 1, columns)).join("\n\n");
}

/** Its heading, which is also how the test finds it. */
export function heading({ title }: Program, number: number): string {
  return `### ${number}. ${title}`;
}

function section(program: Program, number: number, columns: readonly Column[]): string {
  const seen = columns.map(({ title, facts }) => ({ title, facts: facts.get(program.name) ?? null }));
  const names = [...new Set(seen.flatMap(({ facts }) => Object.keys(facts ?? {})))];
  const wishes = Object.entries(program.wish).map(([name, values]) => `${name}: ${values.join(", or ")}`);
  return [
    heading(program, number),
    `${program.about} [The programs](../tests/comparison/programs/${program.name}).`,
    table(
      ["", ...names],
      seen.map(({ title, facts }) => [title, ...cells(names, facts)]),
    ),
    `To wish for: _${wishes.join("; ")}_.`,
  ].join("\n\n");
}

/** A row's cells, in the order of the table's facts. */
export function cells(names: readonly string[], facts: Facts): string[] {
  return names.map((name) => (facts === null ? NONE : (facts[name] ?? "").replaceAll("|", "\\|")));
}

function mark({ wish }: Program, facts: Facts): string {
  if (facts === null) return "–";
  const wishes = Object.entries(wish);
  const granted = wishes.filter(([names, values]) =>
    names.split(" or ").some((name) => values.some((value) => facts[name]?.startsWith(value))),
  );
  if (granted.length === wishes.length) return "✓";
  return granted.length > 0 ? "part" : "no";
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(" | ")} |`;
  return [line(head), line(head.map(() => "---")), ...rows.map(line)].join("\n");
}
