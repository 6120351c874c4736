// The name of a test as a regular expression.

/** Runners join the names of groups and tests by a space; the command, and some of them, by another sign. */
export function patternOf(name: string): string {
  return name.split(" > ").map(literal).join("(?: > | )");
}

/** Tests in tests: node:test comes to the one inside only if those around it are taken, too. */
export function patternsAround(name: string): string[] {
  const parts = name.split(" > ").map(literal);
  return parts.slice(1).map((_, at) => `^${parts.slice(0, at + 1).join(" ")}$`);
}

function literal(text: string): string {
  return text.replaceAll(/[\\^$.*+?()[\]{}|/]/g, "\\$&");
}
