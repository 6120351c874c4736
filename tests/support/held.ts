/** What a program holds is closed, wherever the program is cancelled. */
import { expect } from "vitest";
import { coroutine, sleep, type Awaitable, type Coroutine } from "cede";
import { cancelEverywhere } from "cede/testing";

/** Holds something for so many milliseconds, and gives them. */
export type Held = (ms: number) => Coroutine<number>;

/** Cancels the program at each of its steps. `release`: what is waited for when something is closed, also on its normal way out. */
export async function closesWhereverCancelled(
  program: (held: Held) => Awaitable<unknown>,
  release?: () => Awaitable<unknown>,
): Promise<void> {
  let open = 0;
  const held = coroutine(function* held(ms: number): Awaitable<number> {
    open++;
    try {
      yield* sleep(ms);
      return ms;
    } finally {
      if (release !== undefined) yield* release();
      open--;
    }
  });
  await cancelEverywhere(() => program(held), { check: () => expect(open).toBe(0) });
}
