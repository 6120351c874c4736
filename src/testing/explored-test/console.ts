/** What a program prints while it is explored: nobody reads two thousand times the same. */

const PRINTING = ["log", "info", "debug", "warn", "error", "trace", "dir", "table"] as const;

type Console = Pick<typeof console, (typeof PRINTING)[number]>;

/** The console's own methods, while others are in their place: tests may run side by side. */
let own: Console | undefined;
let users = 0;

/** Has `print` called in place of the console's methods, as long as `body` takes. */
export async function printing<T>(print: (...values: unknown[]) => void, body: () => Promise<T>): Promise<T> {
  if (users++ === 0) own = { ...console };
  for (const name of PRINTING) console[name] = print;
  try {
    return await body();
  } finally {
    if (--users === 0) for (const name of PRINTING) console[name] = own![name];
  }
}
