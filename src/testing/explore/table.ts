/** A schedule as text: a row a step, a column a task. */
import { lostUpdates } from "./picture/lost-updates.ts";
import { tell } from "./picture/story.ts";
import { THE_CLOCK, type ScheduleStep } from "./recording.ts";
import type { TraceEvent } from "./trace-events.ts";

const WIDEST = 40;
const MOST_COLUMNS = 5;
const MOST_ROWS = 80;

export function table(steps: readonly ScheduleStep[], trace: readonly TraceEvent[]): string {
  const names = [...new Set(steps.map(({ task }) => task))];
  const rows = shown(steps);
  const lines = names.length <= MOST_COLUMNS ? inColumns(names, rows) : inAList(rows);
  const outOfTurn = rows.some((row) => typeof row !== "string" && row.outOfTurn);
  const notes = [
    ...(outOfTurn ? ["> out of turn: another task could have gone on, or was ready before"] : []),
    ...overwritten(steps, trace),
  ];
  return [...lines, ...(notes.length > 0 ? ["", ...notes] : [])].join("\n");
}

/** What was written over by a task that had not seen it. */
function overwritten(steps: readonly ScheduleStep[], trace: readonly TraceEvent[]): string[] {
  const { touches } = tell(steps, trace, false);
  return lostUpdates(touches).map(({ read, lost, write }) => {
    const [readAt, lostAt, writtenAt] = [read, lost, write].map(({ step }) => steps[step]!);
    return (
      `! step ${writtenAt!.number}: ${writtenAt!.task} sets ${write.name} by the ${read.value} that it read in step ` +
      `${readAt!.number}, and overwrites the ${lost.value} of step ${lostAt!.number} (${lostAt!.task})`
    );
  });
}

/** Of a long one the beginning and the end. */
function shown(steps: readonly ScheduleStep[]): (ScheduleStep | string)[] {
  if (steps.length <= MOST_ROWS) return [...steps];
  const half = MOST_ROWS / 2;
  return [...steps.slice(0, half), `… ${steps.length - MOST_ROWS} steps …`, ...steps.slice(-half)];
}

function inColumns(names: readonly string[], rows: readonly (ScheduleStep | string)[]): string[] {
  const cells = rows.map((row) => (typeof row === "string" ? row : words(row)));
  const widths = names.map((name) =>
    Math.max(
      name.length,
      ...rows.map((row, at) => {
        if (typeof row === "string" || row.task !== name) return 0;
        return Math.max(0, ...(cells[at] as string[]).map(({ length }) => length));
      }),
    ),
  );
  const line = (number: string, mark: string, texts: readonly string[]): string =>
    `${number.padStart(4)} ${mark} ${texts.map((text, at) => text.padEnd(widths[at]!)).join("  ")}`.trimEnd();
  return [
    line("step", " ", names),
    ...rows.flatMap((row, at) => {
      const cell = cells[at]!;
      if (typeof row === "string") return [`       ${row}`];
      return (cell as string[]).map((text, part) =>
        line(
          part === 0 && row.task !== THE_CLOCK ? `${row.number}` : "",
          part === 0 && row.outOfTurn ? ">" : " ",
          names.map((name) => (name === row.task ? text : "")),
        ),
      );
    }),
  ];
}

function inAList(rows: readonly (ScheduleStep | string)[]): string[] {
  const width = Math.max(...rows.map((row) => (typeof row === "string" ? 0 : row.task.length)));
  return [
    `step   ${"task".padEnd(width)}`,
    ...rows.map((row) =>
      typeof row === "string"
        ? `       ${row}`
        : `${`${row.number}`.padStart(4)} ${row.outOfTurn ? ">" : " "} ${row.task.padEnd(width)}  ${row.does.join(", ")}`,
    ),
  ];
}

/** What a step does, in lines that are not too wide. */
function words({ does }: ScheduleStep): string[] {
  const lines: string[] = [];
  for (const what of does) {
    const line = lines.at(-1);
    const text = what.length > WIDEST ? `${what.slice(0, WIDEST - 1)}…` : what;
    if (line !== undefined && line.length + 2 + text.length <= WIDEST)
      lines[lines.length - 1] = `${line}, ${text}`;
    else lines.push(text);
  }
  return lines.length === 0 ? ["runs"] : lines;
}
