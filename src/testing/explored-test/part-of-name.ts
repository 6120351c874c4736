/** Which tests a name stands for: whoever asks for one may give a part of it, and the names of groups before it. */

/** Groups and tests are joined by a sign, "outer > inner", or by a space: each is taken for the other. */
export function isPartOfName(part: string, name: string): boolean {
  return joined(name).includes(joined(part));
}

function joined(name: string): string {
  return name.replaceAll(" > ", " ");
}
