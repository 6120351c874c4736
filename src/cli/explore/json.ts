import { jsonLine } from "../render/text.ts";
import type { Found } from "./text.ts";

/** For programs: a line of JSON. Fields may be added; none is renamed. */
export function inJson({ result, options, command, written }: Found): string {
  const { name, schedules, exhausted, orders, notSearched, stopped, failure, note, problem, details } =
    result;
  const withDetails = (text: string): string => (details === undefined ? text : `${text}\n${details}`);
  return jsonLine({
    program: name,
    failed: (failure ?? problem) !== undefined,
    schedules,
    exhausted,
    orders,
    notSearched,
    stopped,
    ...(options.replay === undefined && { seed: options.seed }),
    ...(note !== undefined && { note: withDetails(note) }),
    ...(problem !== undefined && { problem: withDetails(problem) }),
    ...(failure && {
      failure: {
        error: told(failure.error),
        schedule: failure.schedule,
        preemptions: failure.preemptions,
        replay: failure.replay,
        command,
        steps: failure.steps,
        ...written,
      },
    }),
  });
}

function told(error: unknown): object {
  if (!(error instanceof Error)) return { name: typeof error, message: String(error) };
  const { name, message, stack } = error;
  return { name, message, ...(stack !== undefined && { stack }) };
}
