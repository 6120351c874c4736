/**
 * Who answers "who runs next?" in one execution. The ready ones are told by number: a task by its own, a callback by
 * a negative one, given in the order in which they become ready.
 */
export interface Decider {
  /**
   * Which of the ready ones runs next: its index. `last` is the index of the one that had the last step, if it is
   * ready again, otherwise -1. Asked only where there are two or more.
   */
  choose(ready: readonly number[], last: number, step: number): number;
  /** Which of so many equal deadlines passes first: its index. `at` counts the ties. */
  tie(count: number, at: number): number;
  /** The task `child` was created in a step of `parent` (0: from outside). */
  created?(child: number, parent: number): void;
  /** Who takes the next step, whether or not that was a question. */
  runs?(number: number): void;
}

/** What is done unless somebody decides otherwise: whoever runs goes on; otherwise whoever has been ready for longest. */
export function goOn(last: number): number {
  return last < 0 ? 0 : last;
}

/** As a loop does it outside of tests: first in, first out. */
export const inOrder: Decider = { choose: () => 0, tie: () => 0 };
