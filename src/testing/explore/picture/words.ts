/** The words of a step, laid out in lines. */
import type { LostUpdate } from "./lost-updates.ts";
import type { Story, StoryStep } from "./story.ts";
import { type Colour, widthOf, wrapped } from "./svg.ts";

export interface Piece {
  readonly text: string;
  readonly colour: Colour;
}

export interface Words {
  readonly lines: readonly (readonly Piece[])[];
  /** The line in which each of the step's words begins. */
  readonly lineOf: readonly number[];
}

const MOST_LINES = 12;

export function wordsOf(
  { steps }: Story,
  told: StoryStep,
  updates: readonly LostUpdate[],
  width: number,
): Words {
  const at = steps.indexOf(told);
  const lines: Piece[][] = [];
  const lineOf: number[] = [];
  let room = 0;
  const add = (text: string, colour: Colour): void => {
    const needed = widthOf(text);
    if (needed + 2 <= room) {
      lines.at(-1)!.push({ text: ", ", colour: "quiet" }, { text, colour });
      room -= needed + 2;
      return;
    }
    const parts = wrapped(text, width);
    lines.push(...parts.map((part) => [{ text: part, colour }]));
    room = width - widthOf(parts.at(-1)!);
  };
  told.step.does.forEach((text, word) => {
    const writes = updates.filter(({ write }) => write.step === at && write.word === word);
    const reads = updates.some(({ read }) => read.step === at && read.word === word);
    if (reads || writes.length > 0) room = 0; // a line of the picture leads there
    const lost = updates.some(({ lost }) => lost.step === at && lost.word === word);
    const before = lines.length;
    add(
      lost ? `${text} (lost)` : text,
      reads || writes.length > 0 || text === "fails" ? "bad" : colourOf(text),
    );
    lineOf.push(lines.length > before ? before : before - 1);
    for (const { read, lost } of writes) {
      const of = (step: number): string => `step ${steps[step]!.step.number}`;
      room = 0;
      add(`read ${read.value} in ${of(read.step)}: overwrites ${lost.value} of ${of(lost.step)}`, "bad");
      room = 0;
    }
  });
  if (lines.length === 0) lines.push([{ text: "runs", colour: "quiet" }]);
  if (lines.length <= MOST_LINES) return { lines, lineOf };
  const more = lineOf.filter((line) => line >= MOST_LINES - 1).length;
  return {
    lines: [...lines.slice(0, MOST_LINES - 1), [{ text: `… and ${more} more`, colour: "quiet" }]],
    lineOf: lineOf.map((line) => Math.min(line, MOST_LINES - 1)),
  };
}

function colourOf(text: string): Colour {
  return /^(?:waits for|gives way|creates|ends)\b/.test(text) ? "quiet" : "ink";
}
