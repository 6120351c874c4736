/** A failing schedule as a picture: what each task does, step by step, and what it overlooks. */
import { draw, label } from "./picture/draw.ts";
import { layOut } from "./picture/layout.ts";
import { legend } from "./picture/legend.ts";
import { lostUpdates, type LostUpdate } from "./picture/lost-updates.ts";
import { type Story, tell } from "./picture/story.ts";
import { element, escaped, LETTER, round, styleSheet, wrapped } from "./picture/svg.ts";
import type { ExploreFailure } from "./search.ts";

/**
 * The schedule that `explore` or `replay` found, drawn: the text of an SVG file that needs nothing else, and follows
 * the reader's light or dark. Time goes down, and each task has a lane, with a block for each of its steps. Where a
 * task overwrites a watched value that another one has written since this one read it, a line leads from that read to
 * the write. Of a long schedule, steps in the middle are left out.
 *
 * @example
 * ```ts
 * import { taskGroup } from "cede";
 * import { explore, picture, watch } from "cede/testing";
 *
 * const { failure } = await explore(
 *   function* () {
 *     const account = watch({ balance: 100 }, "account");
 *     yield* taskGroup(function* (group) {
 *       for (const amount of [10, 20]) {
 *         group.createTask(function* deposit() {
 *           const { balance } = account;
 *           yield;
 *           account.balance = balance + amount;
 *         });
 *       }
 *     });
 *     if (account.balance !== 130) throw new Error(`The balance is ${account.balance}, not 130.`);
 *   },
 *   { throws: false },
 * );
 * const svg = picture(failure!); // to be written to a file, or shown in a page
 * console.log(svg.includes("1 lost update")); // prints: true
 * ```
 */
export function picture({ error, replay, steps, trace }: ExploreFailure): string {
  const deadlock = error instanceof Error && error.name === "DeadlockError";
  const story = tell(steps, trace, deadlock);
  const updates = lostUpdates(story.touches);
  const outOfTurn = steps.filter((step) => step.outOfTurn).length;
  const [title = ""] = (error instanceof Error ? `${error.name}: ${error.message}` : String(error)).split(
    "\n",
  );
  // The heading may need more lines than one, and how many depends on the width, which depends on the lanes.
  const { width } = layOut(story, updates, 0);
  const letters = Math.floor((width - 32) / LETTER);
  const heading = wrapped(title, letters).slice(0, 4);
  const layout = layOut(story, updates, heading.length * 18 + 52);
  const summary = summed(story, updates, outOfTurn);
  const foot = legend(layout, updates.length > 0, outOfTurn > 0);
  const again = wrapped(`replay: ${replay}`, letters);
  const height = foot.bottom + 8 + again.length * 16 + 12;
  const id = `cede-${replay.replaceAll(/\W/g, "-")}`;
  return element(
    "svg",
    {
      xmlns: "http://www.w3.org/2000/svg",
      width,
      height,
      viewBox: `0 0 ${round(width)} ${round(height)}`,
      class: "cede-schedule",
      role: "img",
      "aria-labelledby": `${id}-title ${id}-desc`,
    },
    element("title", { id: `${id}-title` }, escaped(title)),
    element("desc", { id: `${id}-desc` }, escaped([summary, ...inWords(story)].join("\n"))),
    element("style", {}, styleSheet()),
    element("rect", { width, height, class: "paper" }),
    ...heading.map((text, line) => label(16, 28 + line * 18, [{ text, colour: "bad" }], "strong")),
    label(16, 28 + heading.length * 18, [{ text: summary, colour: "quiet" }]),
    ...draw(story, updates, layout),
    ...foot.parts,
    ...again.map((text, line) => label(16, foot.bottom + 16 + line * 16, [{ text, colour: "quiet" }])),
  );
}

function summed({ steps, lanes }: Story, updates: readonly LostUpdate[], outOfTurn: number): string {
  const of = (count: number, noun: string): string => `${count} ${noun}${count === 1 ? "" : "s"}`;
  return [
    `${of(steps.length, "step")} of ${of(lanes.length, "task")}`,
    ...(outOfTurn > 0 ? [`${outOfTurn} of them out of turn`] : []),
    ...(updates.length > 0 ? [of(updates.length, "lost update")] : []),
  ].join(", ");
}

const MOST_IN_WORDS = 100;

/** For who cannot see it. */
function inWords({ steps, lanes }: Story): string[] {
  const told = steps
    .slice(0, MOST_IN_WORDS)
    .map(({ step, lane }) => `${step.number} ${lanes[lane]}: ${step.does.join(", ")}`);
  return steps.length > MOST_IN_WORDS ? [...told, `and ${steps.length - MOST_IN_WORDS} more`] : told;
}
