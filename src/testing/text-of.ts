/** What was thrown, in words: "Error: no". What explodes when it is looked at is told so. */
export function textOf(value: unknown): string {
  try {
    return String(value);
  } catch {
    return "an object";
  }
}
