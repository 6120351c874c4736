/**
 * Where everything of a picture is: time goes down, a row a step, and each task has a lane. Few tasks have lanes wide
 * enough for the words beside each step; of many the lanes are narrow, and the words stand in a column of their own.
 */
import type { LostUpdate } from "./lost-updates.ts";
import type { Story } from "./story.ts";
import { cut, LETTER, widthOf } from "./svg.ts";
import { type Words, wordsOf } from "./words.ts";

export const LINE = 16;
export const GAP = 16;
/** How high a banner is. */
export const BAND = 24;
/** Of a block, from the middle to its side. */
export const HALF = 6;

export interface Row extends Words {
  readonly top: number;
  readonly height: number;
  /** The index of its step. */
  readonly step: number;
}

/** What stands across all lanes. */
export interface Banner {
  /** Of its middle. */
  readonly y: number;
  readonly text: string;
  readonly bad: boolean;
}

export interface Layout {
  readonly wide: boolean;
  readonly width: number;
  /** Where the last row ends. */
  readonly bottom: number;
  readonly left: number;
  /** The middle of each lane. */
  readonly lanes: readonly number[];
  /** Where the words of each lane begin, and how far the name of it may go. */
  readonly wordsAt: readonly number[];
  readonly nameWidth: number;
  readonly rows: readonly Row[];
  readonly banners: readonly Banner[];
}

const MARGIN = 96;
const WIDEST = 1280;
const MOST_ROWS = 60;
/** Of those that have not ended. */
const MOST_LEFT = 8;
const LANE_LETTERS = 30;
const COLUMN_LETTERS = 84;
/** To the left of a block: the lines of lost updates. */
const BESIDE = 34;

export function layOut(story: Story, updates: readonly LostUpdate[], top: number): Layout {
  const shown = chosen(story, updates);
  const letters = story.lanes.map((name) => Math.min(widthOf(name), LANE_LETTERS));
  for (const at of shown) {
    const { lane } = story.steps[at]!;
    for (const line of wordsOf(story, story.steps[at]!, updates, LANE_LETTERS).lines)
      letters[lane] = Math.max(letters[lane]!, widthOf(line.map(({ text }) => text).join("")));
  }
  const widths = letters.map((count) => BESIDE + 2 * HALF + 8 + count * LETTER + 8);
  const total = MARGIN + widths.reduce((sum, width) => sum + width, 0);
  const wide = total <= WIDEST;
  const nameWidth = Math.min(LANE_LETTERS, Math.max(...story.lanes.map(widthOf)));
  const slanted = wide ? 0 : (cutWidth(story, 24) * LETTER + 12) * Math.SQRT1_2;
  const lanes: number[] = [];
  let x = MARGIN;
  for (const width of widths) {
    lanes.push(x + BESIDE - (wide ? HALF : BESIDE / 2));
    x += wide ? width : PITCH;
  }
  const column = Math.max(x + 12, x + slanted - PITCH - nameWidth * LETTER);
  const { rows, banners, bottom } = stack(story, updates, shown, {
    top: top + (wide ? 28 : slanted + 14),
    width: wide ? LANE_LETTERS : COLUMN_LETTERS,
  });
  const longest = Math.max(
    ...rows.flatMap(({ lines }) => lines.map((line) => widthOf(line.map(({ text }) => text).join("")))),
  );
  return {
    wide,
    width: Math.max(560, (wide ? total : column + (nameWidth + 2 + longest) * LETTER) + 16),
    bottom,
    left: MARGIN,
    lanes,
    wordsAt: wide ? lanes.map((lane) => lane + HALF + 8) : lanes.map(() => column),
    nameWidth: wide ? 0 : nameWidth,
    rows,
    banners,
  };
}

const PITCH = 30;

function cutWidth({ lanes }: Story, width: number): number {
  return Math.max(...lanes.map((name) => widthOf(cut(name, width))));
}

/** Of a long one the beginning, the end, and what matters. */
function chosen(story: Story, updates: readonly LostUpdate[]): number[] {
  const { steps } = story;
  if (steps.length <= MOST_ROWS) return steps.map((_, at) => at);
  const kept = new Set<number>();
  const keep = (from: number, to: number): void => {
    for (let at = Math.max(0, from); at < Math.min(steps.length, to); at++)
      if (kept.size < MOST_ROWS) kept.add(at);
  };
  keep(0, 12);
  keep(steps.length - 20, steps.length);
  for (const { read, lost, write } of updates)
    for (const { step } of [read, lost, write]) keep(step, step + 1);
  steps.forEach(({ step, events, fails }, at) => {
    if (step.outOfTurn || fails || events.length > 0) keep(at - 1, at + 2);
  });
  return [...kept].sort((a, b) => a - b);
}

function stack(
  story: Story,
  updates: readonly LostUpdate[],
  shown: readonly number[],
  { top, width }: { readonly top: number; readonly width: number },
): { rows: Row[]; banners: Banner[]; bottom: number } {
  const rows: Row[] = [];
  const banners: Banner[] = [];
  let y = top;
  const banner = (text: string, bad: boolean): void => {
    banners.push({ y: y + BAND / 2, text, bad });
    y += BAND + GAP;
  };
  let next = 0;
  for (const at of shown) {
    const told = story.steps[at]!;
    if (at > next) banner(`… ${at - next} ${at - next === 1 ? "step" : "steps"} …`, false);
    for (const text of told.events) banner(text, true);
    next = at + 1;
    const words = wordsOf(story, told, updates, width);
    const height = words.lines.length * LINE + 8;
    rows.push({ ...words, top: y, height, step: at });
    y += height + GAP;
  }
  for (const text of story.left.slice(0, MOST_LEFT)) banner(text, true);
  const more = story.left.length - MOST_LEFT;
  if (more > 0) banner(`and ${more} more`, true);
  return { rows, banners, bottom: y };
}
