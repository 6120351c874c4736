/** What a program did and how it ended: the same words from Cede and from the model. */

export interface Story {
  readonly trace: readonly string[];
  readonly outcome: string;
  /** How many points there were at which it could have been cancelled. */
  readonly points: number;
  /** How long the trace was when tasks began to wait for each other: what comes of that is not compared. */
  readonly circle: number | null;
  /** When cleanup was abandoned first, as told by the model: what comes of that is not compared either. */
  readonly abandoned: Abandoned | null;
}

export interface Abandoned {
  readonly now: number;
  /** How long the trace was. */
  readonly at: number;
  /** Whether somebody was parked there; otherwise nobody may have been in need of it. */
  readonly certain: boolean;
}

/** How an outcome begins that is none. */
export const NEVER_ENDS = "never ends";

/** Why it was cancelled from outside. */
export const OUTSIDE = "cancelled from outside";

/** An error in words, with those that gave way to it. */
export interface Described {
  readonly text: string;
  readonly suppressed: readonly unknown[];
}

/** `describe` says what one error is. An error may be kept beside itself, by a detour. */
export function inWords(
  error: unknown,
  describe: (error: unknown) => Described,
  around: readonly unknown[] = [],
): string {
  const { text, suppressed } = describe(error);
  if (around.includes(error)) return `${text} again`;
  const more = suppressed.map((other) => inWords(other, describe, [...around, error]));
  return more.length === 0 ? text : `${text} before [${more.join(", ")}]`;
}
