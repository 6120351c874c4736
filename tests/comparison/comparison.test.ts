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

// Where it is not, because Cede or a program has changed: `npm run comparison`. The programs' clock jumps, so a
// machine that is busy with other things changes nothing; the limits are for what would never end.
describe("what docs/comparison.md says of Cede is what is seen:", () => {
  PROGRAMS.forEach((program, index) => {
    test(program.title, { timeout: 60_000 }, async () => {
      const start = lines.indexOf(heading(program, index + 1));
      expect(start).toBeGreaterThan(0);
      const section = lines.slice(start);
      const [, ...names] = cellsOf(section.find((line) => line.startsWith("|"))!);
      const [, ...told] = cellsOf(section.find((line) => line.startsWith(`| ${CEDE.title} `))!);
      const facts = await observe(program, CEDE, 50_000);
      expect(names).toEqual(expect.arrayContaining(Object.keys(facts!)));
      expect(told).toEqual(cells(names, facts));
    });
  });
});
