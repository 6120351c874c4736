// Numbers as they are written in a command line: `Number` alone would take "", "0x10" and "Infinity", too. What is
// said of another text is the option's affair.

/** NaN for a text that is none. */
export function numberIn(text: string): number {
  return /^\d+(?:\.\d+)?(?:e\d+)?$/.test(text) ? Number(text) : NaN;
}

/** NaN for a text that is more than digits, and for a number that is too large to be told from the next one. */
export function wholeNumberIn(text: string): number {
  const value = /^\d+$/.test(text) ? Number(text) : NaN;
  return Number.isSafeInteger(value) ? value : NaN;
}
