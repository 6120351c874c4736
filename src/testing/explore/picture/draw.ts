/** Draws what was laid out: lanes first, then what happens in them, then the words. */
import { BAND, type Banner, GAP, HALF, type Layout, LINE, type Row } from "./layout.ts";
import type { LostUpdate } from "./lost-updates.ts";
import type { Standing, Story, Touch } from "./story.ts";
import { cut, element, escaped, LETTER, round } from "./svg.ts";
import type { Piece } from "./words.ts";

export function draw(story: Story, updates: readonly LostUpdate[], layout: Layout): string[] {
  return [
    ...stripes(layout),
    ...names(story, layout),
    ...lines(story, layout),
    ...arrows(story, layout),
    ...layout.rows.flatMap((row) => block(story, layout, row)),
    ...layout.rows.flatMap((row, at) => words(story, layout, row, layout.rows[at - 1])),
    ...layout.banners.flatMap((banner) => band(layout, banner)),
    ...updates.flatMap((update, at) => lostUpdate(story, layout, update, at)),
  ];
}

export function label(x: number, y: number, pieces: readonly Piece[], mark?: string): string {
  const [first] = pieces;
  const of = (colour: string): string => (mark === undefined ? colour : `${colour} ${mark}`);
  return pieces.length === 1
    ? element("text", { x, y, class: of(first!.colour) }, escaped(first!.text))
    : element(
        "text",
        { x, y },
        ...pieces.map(({ text, colour }) => element("tspan", { class: of(colour) }, escaped(text))),
      );
}

function stripes({ rows, width }: Layout): string[] {
  return rows.flatMap(({ top, height }, at) =>
    at % 2 === 0
      ? [element("rect", { x: 8, y: top, width: width - 16, height, rx: 3, class: "stripe" })]
      : [],
  );
}

function names({ lanes }: Story, { wide, wordsAt, lanes: middles, rows, left }: Layout): string[] {
  const top = (rows[0]?.top ?? 0) - 12;
  return [
    label(16, top, [{ text: "step", colour: "quiet" }]),
    label(left - 40, top, [{ text: "time", colour: "quiet" }]),
    ...lanes.map((name, lane) => {
      const x = wide ? wordsAt[lane]! : middles[lane]!;
      const text = escaped(cut(name, wide ? 34 : 24));
      const transform = wide ? undefined : `rotate(-45 ${round(x)} ${round(top)})`;
      return element("text", { x, y: top, class: "ink strong", transform }, text);
    }),
  ];
}

/** How each task stands while it does not run: a line that is thin while it waits, and of thick dashes while it is ready. */
function lines(story: Story, { rows, lanes: middles, bottom }: Layout): string[] {
  const { lanes, steps } = story;
  return lanes.flatMap((_name, lane) => {
    const spans: { from: number; to: number; standing: Standing }[] = [];
    const span = (from: number, to: number, standing: Standing = "none"): void => {
      const last = spans.at(-1);
      if (last !== undefined && last.to === from && last.standing === standing) last.to = to;
      else spans.push({ from, to, standing });
    };
    rows.forEach(({ top, height, step }, at) => {
      const { lane: running, before, after } = steps[step]!;
      const previous = rows[at - 1];
      if (previous !== undefined) {
        let from = previous.top + previous.height;
        // Where steps are left out, a banner stands between how it was and how it is.
        if (previous.step < step - 1) span(from, (from += GAP), steps[previous.step]!.after[lane]);
        span(from, top - GAP / 2, steps[step - 1]!.after[lane]);
        if (lane !== running || !switches(story, previous, rows[at]!)) span(top - GAP / 2, top, before[lane]);
      }
      if (lane === running) return;
      span(top, top + height / 2, before[lane]);
      span(top + height / 2, top + height, after[lane]);
    });
    const last = rows.at(-1);
    if (last !== undefined) span(last.top + last.height, bottom - GAP, steps.at(-1)!.after[lane]);
    const x = middles[lane]!;
    return spans.flatMap(({ from, to, standing }) => {
      const d = `M${round(x)} ${round(from)}V${round(to)}`;
      if (standing === "waiting") return [element("path", { d, class: "line-line", "stroke-width": 1.5 })];
      return standing === "ready"
        ? [element("path", { d, class: "ready-line", "stroke-width": 4, "stroke-dasharray": "2 4" })]
        : [];
    });
  });
}

/** Whether one step follows the other at once, in another lane. */
function switches({ steps }: Story, one: Row, next: Row): boolean {
  return next.top <= one.top + one.height + GAP && steps[one.step]!.lane !== steps[next.step]!.lane;
}

/** From each step to the next one, where another task has it. */
function arrows(story: Story, { rows, lanes }: Layout): string[] {
  return rows.flatMap((row, at) => {
    const next = rows[at + 1];
    if (next === undefined || !switches(story, row, next)) return [];
    const [x, end] = [lanes[story.steps[row.step]!.lane]!, lanes[story.steps[next.step]!.lane]!];
    const middle = next.top - GAP / 2 - 1;
    const turn = Math.sign(end - x) * 4;
    const d =
      `M${round(x)} ${round(row.top + row.height)}V${round(middle - 4)}q0 4 ${turn} 4` +
      `H${round(end - turn)}q${turn} 0 ${turn} 4V${round(next.top - 4)}`;
    const tip = [
      [end - 4, next.top - 6],
      [end + 4, next.top - 6],
      [end, next.top],
    ]
      .map((corner) => corner.map((value) => round(value)).join())
      .join(" ");
    return [
      element("path", { d, class: "ink-line", "stroke-width": 1.2 }),
      element("polygon", { points: tip, class: "ink" }),
    ];
  });
}

/** What stands across the lanes, which are cut there. */
function band({ width, left }: Layout, { y, text, bad }: Banner): string[] {
  const shown = cut(text, Math.floor((width - left - 16) / LETTER));
  const edge = (at: number): string =>
    element("path", {
      d: `M8 ${round(at)}H${round(width - 8)}`,
      class: bad ? "bad-line" : "line-line",
      "stroke-dasharray": bad ? undefined : "1 5",
    });
  return [
    element("rect", { x: 8, y: y - BAND / 2, width: width - 16, height: BAND, class: "paper" }),
    edge(y - BAND / 2),
    edge(y + BAND / 2),
    label(left, y + 4, [{ text: shown, colour: bad ? "bad" : "quiet" }], bad ? "strong" : undefined),
  ];
}

function block({ steps, lanes: tasks }: Story, { lanes }: Layout, { top, height, step: at }: Row): string[] {
  const { step, lane, fails, after } = steps[at]!;
  const x = lanes[lane]!;
  const bottom = top + height;
  const title = element("title", {}, escaped(`step ${step.number}: ${tasks[lane]}: ${step.does.join(", ")}`));
  // A step out of turn has a point, as if it pushed in.
  const corners = step.outOfTurn
    ? [
        [x - HALF, top],
        [x + HALF, top],
        [x + HALF, bottom],
        [x - HALF, bottom],
        [x - HALF, top + 19],
        [x - HALF - 8, top + 12],
        [x - HALF, top + 5],
      ]
    : [
        [x - HALF, top],
        [x + HALF, top],
        [x + HALF, bottom],
        [x - HALF, bottom],
      ];
  const points = corners.map((corner) => corner.map((value) => round(value)).join()).join(" ");
  const shape = element("polygon", { points, class: fails ? "bad" : "run" }, title);
  if (fails) {
    const d = `M${round(x - 3.5)} ${round(bottom - 10.5)}l7 7m0 -7l-7 7`;
    return [shape, element("path", { d, class: "paper-line", "stroke-width": 2 })];
  }
  if (after[lane] !== "ended") return [shape];
  const d = `M${round(x - HALF - 4)} ${round(bottom)}h${2 * HALF + 8}`;
  return [shape, element("path", { d, class: "run-line", "stroke-width": 3 })];
}

function words(
  { steps, lanes }: Story,
  { wordsAt, nameWidth, left }: Layout,
  { top, lines: texts, step: at }: Row,
  previous: Row | undefined,
): string[] {
  const { step, lane } = steps[at]!;
  const base = top + LINE;
  const number = step.outOfTurn ? `${step.number} >` : `${step.number}`;
  const moved = previous === undefined || steps[previous.step]!.step.time !== step.time;
  const x = wordsAt[lane]!;
  return [
    element("text", { x: 16, y: base, class: step.outOfTurn ? "ink strong" : "quiet" }, escaped(number)),
    ...(moved ? [label(left - 40, base, [{ text: timeOf(step.time), colour: "ink" }])] : []),
    ...(nameWidth > 0
      ? [label(x, base, [{ text: cut(lanes[lane]!, nameWidth), colour: "ink" }], "strong")]
      : []),
    ...texts.map((pieces, line) =>
      label(x + (nameWidth > 0 ? (nameWidth + 2) * LETTER : 0), base + line * LINE, pieces),
    ),
  ];
}

/** A line from what was read to what was written on the strength of it. */
function lostUpdate(
  story: Story,
  { rows, lanes, wide }: Layout,
  { read, lost, write }: LostUpdate,
  at: number,
): string[] {
  const place = ({ step, word }: Touch): number | undefined => {
    const row = rows.find((one) => one.step === step);
    return row && row.top + 12 + (row.lineOf[word] ?? 0) * LINE;
  };
  const [from, to] = [place(read), place(write)];
  if (from === undefined || to === undefined) return [];
  const x = lanes[write.lane]!;
  const side = x - HALF - 12 - (at % 3) * (wide ? 5 : 3);
  const edge = x - HALF;
  const told = `${read.name} was read as ${read.value}; then ${story.lanes[lost.lane]} wrote ${lost.value}, which is overwritten with ${write.value}`;
  return [
    element(
      "g",
      {},
      element("title", {}, escaped(told)),
      element("path", {
        d: `M${round(edge)} ${round(from)}H${round(side)}V${round(to)}H${round(edge - 6)}`,
        class: "bad-line",
        "stroke-width": 2,
        "stroke-dasharray": "5 3",
      }),
      element("circle", { cx: edge, cy: from, r: 4.5, class: "paper bad-line", "stroke-width": 2 }),
      element("polygon", {
        points: `${round(edge - 7)},${round(to - 5)} ${round(edge + 2)},${round(to)} ${round(edge - 7)},${round(to + 5)}`,
        class: "bad",
      }),
    ),
  ];
}

function timeOf(ms: number): string {
  if (ms < 1000) return `${round(ms)} ms`;
  return ms < 60_000 ? `${round(ms / 1000)} s` : `${round(ms / 60_000)} m`;
}
