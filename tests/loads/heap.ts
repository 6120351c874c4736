/** How the loads measure what is left on the heap, and what they allow. */
import { parseArgs } from "node:util";

const { values } = parseArgs({ options: { times: { type: "string", default: "1000000" } } });
export const times: number = Number(values.times);
/** The heap's own noise. The smallest object that one of them could leave behind takes 16 bytes. */
export const ALLOWED_BYTES: number = 200_000 + 2 * times;
export const WARM_UP = 20_000;

const { gc } = globalThis;
if (gc === undefined) throw new Error("Cannot measure the heap: start node with --expose-gc.");

/** What is in use, in bytes. */
export function heap(): number {
  gc!();
  gc!();
  return process.memoryUsage().heapUsed;
}

/** The highest that the heap was above where it began, looked at ten times on the way. */
export class HighWater {
  readonly #floor = heap();
  readonly #of: number;
  bytes = 0;

  constructor(of: number) {
    this.#of = of;
  }

  look(n: number): void {
    if (n % (this.#of / 10) === 0) this.bytes = Math.max(this.bytes, heap() - this.#floor);
  }
}

/** Holds each way to what is allowed. `measure` does it so many times, and gives the bytes that it took at most. */
export async function hold<Way>(
  what: string,
  ways: Record<string, Way>,
  measure: (way: Way, count: number) => Promise<number>,
): Promise<void> {
  let failed = 0;
  for (const [name, way] of Object.entries(ways)) {
    await measure(way, WARM_UP);
    // What the engine compiles meanwhile takes room once; what leaks does so each time.
    let bytes = Infinity;
    for (let n = 0; n < 2; n++) bytes = Math.min(bytes, await measure(way, times / 2));
    const holds = bytes <= ALLOWED_BYTES;
    if (!holds) failed++;
    console.log(`${holds ? "ok  " : "FAIL"} ${times} ${what} ${name}: at most ${bytes} bytes more`);
  }
  console.log(`${Object.keys(ways).length - failed} passed, ${failed} failed, 0 skipped`);
  if (failed > 0) process.exitCode = 1;
}
