import { expect, test } from "vitest";
import { undocumented } from "../../scripts/public-names.ts";

const EXAMPLE = "/**\n * Does it.\n *\n * @example\n * ```ts\n * ```\n */\n";

/** What is missing when `index.ts` passes on what `a.ts` has. */
function missing(exported: string, a: string): string[] {
  const files: Record<string, string> = {
    "src/index.ts": `export ${exported} from "./a.ts";`,
    "src/a.ts": a,
  };
  return undocumented(["src/index.ts"], (path) => files[path]);
}

test("a value needs a comment with an example", () => {
  expect(missing("{ a }", "export function a(): void {}")).toEqual(["src/a.ts:1: a has no doc comment"]);
  expect(missing("{ a }", "/** Does it. */\nexport const a = 1;")).toEqual([
    "src/a.ts:2: the doc comment of a has no @example",
  ]);
  expect(missing("{ a }", `${EXAMPLE}export const a = 1;`)).toEqual([]);
  expect(missing("{ b as a }", "\nexport class b {}")).toEqual(["src/a.ts:2: a has no doc comment"]);
});

test("a type needs a comment, and a class that is exported as a type is one", () => {
  expect(missing("{ type A }", "export interface A {}")).toEqual(["src/a.ts:1: A has no doc comment"]);
  expect(missing("{ type A }", "/** It. */\nexport interface A {}")).toEqual([]);
  expect(missing("{ A }", "/** It. */\nexport type A = 1;")).toEqual([]);
  expect(missing("type { A }", "/** It. */\nexport class A {}")).toEqual([]);
});

test("one comment is enough for an overloaded function", () => {
  const overloads = "export function a(x: 1): void;\nexport function a(x: 2): void;\n";
  expect(missing("{ a }", `${EXAMPLE}${overloads}export function a(): void {}`)).toEqual([]);
});

test("a comment belongs to what follows it at once", () => {
  expect(missing("{ type A }", "/** The file. */\n\nexport interface A {}")).toEqual([
    "src/a.ts:3: A has no doc comment",
  ]);
  expect(missing("{ type A }", "// It.\nexport interface A {}")).toHaveLength(1);
});

test("what a file passes on is looked for further down, and what is nowhere is said", () => {
  const files: Record<string, string> = {
    "src/index.ts": 'export { a, b } from "./x/a.ts";',
    "src/x/a.ts": 'export { a } from "../b.ts";',
    "src/b.ts": "export const a = 1;",
  };
  expect(undocumented(["src/index.ts"], (path) => files[path])).toEqual([
    "src/b.ts:1: a has no doc comment",
    "src/x/a.ts: b is exported from there, and not declared there",
  ]);
});
