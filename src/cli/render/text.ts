// Text for a terminal. Everything that came from outside passes `printable` first, so that one character
// is one column and no byte of it can move the cursor, set the title or ring the bell.

// The letters of the alphabets from Latin to Armenian, and Georgian: they are one column wide, each of them one
// unit of a string, and are written from left to right.
const NOT_PLAIN = /(?![\x20-\x7e]|(?=[\xaa-\u058f\u10a0-\u10ff\u1e00-\u1fff])\p{L})[^]/gu;

/** Printable ASCII and letters of one column stay, everything else is shown as an escape: `\x1b`, `\u{65e5}`. */
export function printable(text: string): string {
  return text.replace(NOT_PLAIN, escape);
}

// DEL, the C1 controls and the marks of writing direction: a terminal would obey.
const OBEYED = /[\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069]/g;

/** A line of JSON, which by itself leaves some characters as they are that move a cursor. */
export function jsonLine(value: unknown): string {
  const json = JSON.stringify(value).replace(
    OBEYED,
    (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
  return `${json}\n`;
}

/** Text of several lines, in any writing, as a program made it: only what a terminal would obey is escaped. */
export function harmless(text: string): string {
  return text.replace(/(?!\n)\p{Cc}/gu, escape).replace(OBEYED, escape);
}

function escape(char: string): string {
  const code = char.codePointAt(0)!;
  return code < 0x100 ? `\\x${code.toString(16).padStart(2, "0")}` : `\\u{${code.toString(16)}}`;
}

/** An address as it is requested, `/sch%C3%B6n`: it can be copied, and looks the same everywhere. */
export function address(text: string): string {
  const encoded = /[^\x20-\x7e]/.test(text) && /^https?:/i.test(text) && URL.canParse(text);
  return text === "" ? '""' : printable(encoded ? new URL(text).href : text);
}

/** Cuts in the middle: of two long addresses, it is the ends that differ. */
export function shorten(text: string, width: number): string {
  if (text.length <= width) return text;
  if (width < 2) return "…".slice(0, Math.max(0, width));
  const head = Math.floor((width - 1) * 0.4);
  return `${text.slice(0, head)}…${text.slice(text.length - (width - 1 - head))}`;
}

/** Cuts at the end, for sentences. */
export function clip(text: string, width: number): string {
  return text.length <= width ? text : width < 1 ? "" : `${text.slice(0, width - 1)}…`;
}

/** Breaks a sentence at its spaces. A word that is longer than a line is cut, never wrapped. */
export function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(" ")) {
    if (line === "") line = word;
    else if (line.length + 1 + word.length <= width) line += ` ${word}`;
    else {
      lines.push(clip(line, width));
      line = word;
    }
  }
  lines.push(clip(line, width));
  return lines;
}
