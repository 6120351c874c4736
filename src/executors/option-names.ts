/**
 * Which options there are: one that there is not is a slip of the pen, and would change nothing without a word. Whoever adds an
 * option is told by the types to name it.
 */

/** The names of what can be told by an object of this type. */
export type Names<Options> = Readonly<Record<keyof Options, true>>;

/**
 * `what`: "call job resize".
 *
 * @throws TypeError for the first option that there is not, and for what has no options
 */
export function checkNames<Options extends object>(
  what: string,
  options: Options,
  names: Names<Options>,
): void {
  if (typeof options !== "object" || options === null) {
    throw new TypeError(`Cannot ${what} with ${String(options)}: give an object of options.`);
  }
  for (const name of Object.keys(options)) {
    if (Object.hasOwn(names, name)) continue;
    throw new TypeError(
      `Cannot ${what}: there is no option ${name}. There are ${Object.keys(names).join(", ")}.`,
    );
  }
}
