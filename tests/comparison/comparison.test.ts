import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { observe } from "./observe.ts";
import { PROGRAMS } from "./programs.ts";
import { CEDE } from "./systems.ts";
import { cells, heading } from "./table.ts";

const lines = readFileSync(`${import.meta.dirname}/../../docs/comparison.md`, "utf8").split("\n");

/** A line of a table, as its cells. */
const cellsOf = (line: string): string[] =>
  line
    .split(/(?<!\\)\|/)
    .slice(1, -1)
    .map((cell) => cell.trim());

// Where it is not, because Cede or a program has changed: `npm run comparison`. These programs wait in real
// time, as those of the other systems must, and a machine that is busy with other things may hold one up: so the
// second and third try.
describe("what docs/comparison.md says of Cede is what is seen:", () => {
  PROGRAMS.forEach((program, index) => {
    test(program.title, { timeout: 20_000, retry: 2 }, async () => {
      const start = lines.indexOf(heading(program, index + 1));
      expect(start).toBeGreaterThan(0);
      const section = lines.slice(start);
      const [, ...names] = cellsOf(section.find((line) => line.startsWith("|"))!);
      const [, ...told] = cellsOf(section.find((line) => line.startsWith(`| ${CEDE.title} `))!);
      const facts = await observe(program, CEDE, 15_000);
      expect(names).toEqual(expect.arrayContaining(Object.keys(facts!)));
      expect(told).toEqual(cells(names, facts));
    });
  });
});
