import { styleText } from "node:util";

// What a colour means. State is never told by colour alone, so `plain` loses nothing.

const STYLES = {
  good: "green",
  bad: "red",
  slowest: "yellow",
  bar: "cyan",
  quiet: "dim",
  strong: "bold",
} as const;

export type Palette = Record<keyof typeof STYLES, (text: string) => string>;

function palette(paint: (style: (typeof STYLES)[keyof typeof STYLES], text: string) => string): Palette {
  const entries = Object.entries(STYLES).map(([meaning, style]) => [
    meaning,
    (text: string) => (text === "" ? "" : paint(style, text)),
  ]);
  return Object.fromEntries(entries) as Palette;
}

export const plain: Palette = palette((_style, text) => text);

/** Whether a stream gets colour is decided once, by `terminal.ts`; so nothing is looked up here again. */
export const coloured: Palette = palette((style, text) => styleText(style, text, { validateStream: false }));
