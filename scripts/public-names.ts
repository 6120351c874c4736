// What users import has to say what it is: everything exported by index.ts, lowlevel.ts, testing and cron.ts has a doc
// comment, and what is there at run time has an example in it.
import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { parseSync, type Comment, type Statement } from "oxc-parser";

export const ENTRIES = ["src/index.ts", "src/lowlevel.ts", "src/testing/index.ts", "src/cron.ts"];

/** Reads a file by its path inside the repository; undefined when there is none. */
export type Read = (path: string) => string | undefined;

interface Name {
  readonly exported: string;
  /** Its name in the file that it comes from. */
  readonly local: string;
  readonly file: string;
  readonly isType: boolean;
}

/** What is missing, in a line for each name. */
export function undocumented(entries: readonly string[], read: Read): string[] {
  const names = entries.flatMap((entry) => namesOf(entry, read));
  const problems = names.flatMap(({ exported, local, file, isType }) => {
    const found = declarationsOf(local, file, read);
    if (found.length === 0) return `${file}: ${exported} is exported from there, and not declared there`;
    const { at } = found[0]!;
    const comment = found.map((declaration) => declaration.comment).join("");
    if (comment === "") return `${at}: ${exported} has no doc comment`;
    const needsExample = !isType && found.some((declaration) => declaration.isValue);
    return needsExample && !/^\s*\* @example$/m.test(comment)
      ? `${at}: the doc comment of ${exported} has no @example`
      : [];
  });
  return [...new Set(problems)];
}

/** Where files lie on disk. */
export function fromDisk(root: string): Read {
  return (path) => (existsSync(join(root, path)) ? readFileSync(join(root, path), "utf8") : undefined);
}

/** What an entry passes on by `export { … } from`; whatever else it exports is a declaration of its own. */
function namesOf(entry: string, read: Read): Name[] {
  const { program } = parse(entry, read);
  return program.body.flatMap((statement): Name[] => {
    if (statement.type === "ExportAllDeclaration") {
      throw new Error(`${entry}: \`export *\` hides what is public; name it`);
    }
    if (statement.type !== "ExportNamedDeclaration") return [];
    if (statement.source === null) {
      return declaredNames(statement).map((name) => ({
        exported: name,
        local: name,
        file: entry,
        isType: false,
      }));
    }
    const file = join(dirname(entry), statement.source.value).replaceAll("\\", "/");
    return statement.specifiers.map(({ local, exported, exportKind }) => ({
      exported: nameIn(exported),
      local: nameIn(local),
      file,
      isType: exportKind === "type" || statement.exportKind === "type",
    }));
  });
}

interface Declaration {
  readonly at: string;
  readonly comment: string;
  readonly isValue: boolean;
}

/** All declarations of a name: an overloaded function has several, and one comment is enough. */
function declarationsOf(name: string, file: string, read: Read): Declaration[] {
  const { program, comments, text } = parse(file, read);
  const declared = program.body
    .filter((statement) => declaredNames(statement).includes(name))
    .map((statement) => ({
      at: `${file}:${text.slice(0, statement.start).split("\n").length}`,
      comment: commentBefore(statement, comments, text),
      isValue: !/^(?:TSInterface|TSTypeAlias)/.test(bare(statement).type),
    }));
  if (declared.length > 0) return declared;
  const passedOn = namesOf(file, read).find(({ exported }) => exported === name);
  return passedOn === undefined || passedOn.file === file
    ? []
    : declarationsOf(passedOn.local, passedOn.file, read);
}

function bare(statement: Statement): Statement {
  return (statement.type === "ExportNamedDeclaration" ? statement.declaration : null) ?? statement;
}

function declaredNames(statement: Statement): string[] {
  const declaration = bare(statement);
  if (declaration.type === "VariableDeclaration") {
    return declaration.declarations.flatMap(({ id }) => (id.type === "Identifier" ? [id.name] : []));
  }
  const id = "id" in declaration ? declaration.id : null;
  return id !== null && id?.type === "Identifier" ? [id.name] : [];
}

/** The doc comment that ends right before a statement, or nothing. */
function commentBefore(statement: Statement, comments: readonly Comment[], text: string): string {
  const comment = comments.findLast(({ end }) => end <= statement.start);
  if (comment === undefined || comment.type !== "Block" || !comment.value.startsWith("*")) return "";
  const between = text.slice(comment.end, statement.start);
  return between.trim() === "" && between.split("\n").length === 2 ? comment.value : "";
}

function nameIn(name: { name: string } | { value: string }): string {
  return "name" in name ? name.name : name.value;
}

function parse(file: string, read: Read) {
  const text = read(file);
  if (text === undefined) throw new Error(`${file} does not exist`);
  const { program, comments } = parseSync(file, text);
  return { program, comments, text };
}
