/** Runs a trial on Cede and on the model, says where they differ, and makes a differing trial smaller. */
import { onModel } from "./model.ts";
import { onCede } from "./on-cede.ts";
import { smaller, written, type Trial } from "./program.ts";
import { NEVER_ENDS, type Story } from "./story.ts";

/** The first line that differs, or the outcome; `null` if nothing does. */
async function difference(trial: Trial): Promise<string | null> {
  return between(onModel(trial), await onCede(trial));
}

export function between(model: Story, cede: Story): string | null {
  const { trace, circle, abandoned } = model;
  const last = Math.min(circle ?? Infinity, abandoned?.at ?? Math.max(trace.length, cede.trace.length));
  for (let i = 0; i < last; i++) {
    if (trace[i] !== cede.trace[i]) return shown(trace.slice(0, i), trace[i], cede.trace[i]);
  }
  if (circle === null && abandoned?.certain) {
    const report = `${abandoned.now} report: cleanup-abandoned`;
    if (!cede.trace.slice(last).some((line) => line.startsWith(report))) {
      return shown(trace.slice(0, last), report, cede.trace[last]);
    }
  }
  if (circle !== null || abandoned !== null)
    return cede.outcome.startsWith(NEVER_ENDS) ? `  Cede ${cede.outcome}` : null;
  if (model.outcome !== cede.outcome) return shown(trace, model.outcome, cede.outcome);
  return model.points === cede.points
    ? null
    : shown(trace, `${model.points} points`, `${cede.points} points`);
}

/** The last lines that are the same, and what is not. */
function shown(same: readonly string[], model: string | undefined, cede: string | undefined): string {
  const before = same.slice(-40).map((line) => `    ${line}\n`);
  return `${before.join("")}  the model:  ${model ?? "nothing"}\n  Cede:       ${cede ?? "nothing"}`;
}

/** A smallest trial that still differs, and how. */
export async function shrunk(trial: Trial): Promise<string> {
  let found = trial;
  search: for (;;) {
    for (const less of lesser(found)) {
      if ((await difference(less)) === null) continue;
      found = less;
      continue search;
    }
    break;
  }
  const { program, cancelAt, cancelPoint, inVain } = found;
  const done = [
    cancelAt === null ? "" : `, cancelled at ${cancelAt} ms`,
    cancelPoint === null ? "" : `, cancelled at point ${cancelPoint}`,
    inVain ? ", polled in vain" : "",
  ];
  return `The program${done.join("")}:\n${written(program)}\n${await difference(found)}`;
}

function* lesser(trial: Trial): Generator<Trial> {
  const { cancelAt, cancelPoint } = trial;
  if (trial.inVain) yield { ...trial, inVain: false };
  if (cancelAt !== null) yield { ...trial, cancelAt: null };
  if (cancelPoint !== null) {
    yield { ...trial, cancelPoint: null };
    for (let less = 1; less < 20 && less < cancelPoint; less++)
      yield { ...trial, cancelPoint: cancelPoint - less };
  }
  for (const program of smaller(trial.program)) yield { ...trial, program };
}
