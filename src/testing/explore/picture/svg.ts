/** Text of an SVG: its elements, and its colours, which follow the reader's light or dark. */

/** What a colour means, in light and in dark. State is never told by colour alone. */
const COLOURS = {
  paper: ["#ffffff", "#0d1117"],
  stripe: ["#f3f5f8", "#161b22"],
  ink: ["#1f2328", "#e6edf3"],
  quiet: ["#59636e", "#9198a1"],
  line: ["#8c959f", "#6e7681"],
  run: ["#0969da", "#4493f8"],
  ready: ["#9a6700", "#d29922"],
  bad: ["#c4122f", "#ff7b72"],
} as const;

export type Colour = keyof typeof COLOURS;

/** How wide a letter is: the fonts named here, and their stand-ins, have it at 0.6 of the size, or a little less. */
export const LETTER = 7.25;

export function styleSheet(): string {
  const rules = (shade: 0 | 1): string =>
    Object.entries(COLOURS)
      .map(
        ([name, shades]) =>
          `.cede-schedule .${name}{fill:${shades[shade]}}.cede-schedule .${name}-line{stroke:${shades[shade]}}`,
      )
      .join("");
  return (
    `.cede-schedule text{font:12px ui-monospace,SFMono-Regular,Menlo,Consolas,"DejaVu Sans Mono",monospace;white-space:pre}` +
    `.cede-schedule .strong{font-weight:700}.cede-schedule path{fill:none}` +
    rules(0) +
    `@media(prefers-color-scheme:dark){${rules(1)}}`
  );
}

export function element(
  tag: string,
  attributes: Readonly<Record<string, string | number | undefined>>,
  ...children: readonly string[]
): string {
  const written = Object.entries(attributes)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => ` ${name}="${typeof value === "number" ? round(value) : escaped(value!)}"`)
    .join("");
  return children.length === 0 ? `<${tag}${written}/>` : `<${tag}${written}>${children.join("")}</${tag}>`;
}

export function round(value: number): number {
  return Math.round(value * 10) / 10;
}

/** Also without what no XML may hold: control characters, halves of characters. */
export function escaped(text: string): string {
  return text
    .replaceAll(/(?![\t\n\r])\p{Cc}|[\ufffe\uffff]|\p{Surrogate}/gu, "\ufffd")
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;");
}

/** In letters; those of East Asia and pictures take two. */
export function widthOf(text: string): number {
  let width = 0;
  for (const letter of text) width += letter >= "\u1100" ? 2 : 1;
  return width;
}

export function cut(text: string, width: number): string {
  if (widthOf(text) <= width) return text;
  let kept = "";
  for (const letter of text) {
    if (widthOf(kept + letter) > width - 1) break;
    kept += letter;
  }
  return `${kept}…`;
}

/** Breaks at spaces; what is longer than a line is cut. */
export function wrapped(text: string, width: number): string[] {
  const lines: string[] = [];
  for (const word of text.split(/\s+/)) {
    const line = lines.at(-1);
    if (line !== undefined && widthOf(line) + 1 + widthOf(word) <= width)
      lines[lines.length - 1] = `${line} ${word}`;
    else lines.push(cut(word, width));
  }
  return lines;
}
