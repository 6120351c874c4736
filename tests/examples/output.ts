// What examples 3 to 13 print, to the letter: the same as those of the article that they retell.
import { format } from "node:util";
import { vi } from "vitest";

const COUNTDOWN = "10 9 Doing_more_stuff 8 7 Hello_World 6 5 4 3 2 1 TAKE_OFF!!!!! Main_is_exiting"
  .split(" ")
  .map((line) => line.replaceAll("_", " "));

export const EXPECTED: ReadonlyMap<number, readonly string[]> = new Map([
  [3, ["The result is 'Hello World from Request One!!!'"]],
  [4, ["Request One!!!", "Request Two!!!"]],
  [5, ["Request Two!!!", "Request One!!!"]],
  [6, ["Starting", "Hello", "Paused", "World", "Finished with Result"]],
  [7, ["Main got 'Yielded From B'", "A got 'Return From B'", "Main got 'Return From A'"]],
  [8, [0, 1, 2, 3, 4].flatMap((number) => [`Yielding ${number}`, `main got ${number}`])],
  [9, ["Request Two!!!", "Request One!!!"]],
  [10, ["Hello World", "Waited 15 times"]],
  [11, ["Hello World", "Waited for 15 cycles"]],
  [12, COUNTDOWN],
  [13, COUNTDOWN],
]);

/** The lines that `act` prints, each told to `onLine` as it comes. */
export async function printedBy(
  act: () => void | Promise<void>,
  onLine: (line: string) => void = () => {},
): Promise<string[]> {
  const lines: string[] = [];
  const log = vi.spyOn(console, "log").mockImplementation((...parts: unknown[]) => {
    for (const line of format(...parts).split("\n")) {
      lines.push(line);
      onLine(line);
    }
  });
  try {
    await act();
  } finally {
    log.mockRestore();
  }
  return lines;
}
