/** What a program prints while it is explored: nobody reads two thousand times the same. */

const PRINTING = ["log", "info", "debug", "warn", "error", "trace", "dir", "table"] as const;

/** Has `print` called in place of the console's methods, as long as `body` takes. */
export async function printing<T>(print: (...values: unknown[]) => void, body: () => Promise<T>): Promise<T> {
  const before = PRINTING.map((name) => console[name]);
  for (const name of PRINTING) console[name] = print;
  try {
    return await body();
  } finally {
    PRINTING.forEach((name, at) => (console[name] = before[at]!));
  }
}
