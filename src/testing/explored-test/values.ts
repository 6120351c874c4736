/**
 * What main returns, where it is not the same in each order: whether that is a mistake only the test knows, which looks at
 * it after `runTest`. So an order is kept for each, as simple as it can be made, for the test to be run with.
 */
import type { Execution } from "../explore/execution.ts";
import { Script } from "../explore/schedule.ts";
import type { Search } from "../explore/search.ts";
import { shrink } from "../explore/shrink.ts";
import type { ToldValues } from "./asked.ts";
import { valueInWords } from "./in-words.ts";

/** How many are kept that are not the usual one. */
const MOST = 3;

/** How much of a value is told. */
const MOST_LETTERS = 200;

export class Values {
  readonly #usual: string | null;
  readonly #others = new Map<string, { readonly execution: Execution; readonly schedule: number }>();

  /** Two executions in the usual order: values that differ even there say nothing of orders. */
  constructor(first: Execution, second: Execution) {
    const [one, two] = [first, second].map(({ returned }) => valueInWords(returned));
    this.#usual = first.failure === null && decides(first) && one === two ? one! : null;
  }

  hear(execution: Execution, schedule: number): void {
    if (this.#usual === null || this.#others.size === MOST || !decides(execution)) return;
    const value = valueInWords(execution.returned);
    if (value === this.#usual || this.#others.has(value)) return;
    this.#others.set(value, { execution, schedule });
  }

  /** `undefined`: it is one value, as far as is known. */
  async told(search: Search, inTime: () => boolean): Promise<ToldValues | undefined> {
    const others: { value: string; order: ToldValues["others"][number]["order"] }[] = [];
    for (const [value, { execution, schedule }] of this.#others) {
      // It counts as a failure, so that what is made simpler is what comes to the same.
      const marked = (one: Execution): Execution =>
        one.failure === null && valueInWords(one.returned) === value ? { ...one, failure: ANOTHER } : one;
      const { deviations } = await shrink(
        marked(execution),
        async (decider) => marked(await search.run(decider)),
        inTime,
      );
      const recorded = await search.record(new Script(deviations));
      if (valueInWords(recorded.execution.returned) !== value) continue;
      const { error: _, ...order } = search.told(recorded, schedule);
      others.push({ value: shortened(value), order });
    }
    return others.length === 0 ? undefined : { usual: shortened(this.#usual!), others };
  }
}

const ANOTHER = { error: new Error("another value"), kind: "another value" };

/** Whether it is the order only that decides what it comes to. */
function decides({ outside, tooLong, unjudged }: Execution): boolean {
  return outside.size === 0 && !tooLong && !unjudged;
}

function shortened(text: string): string {
  const line = text.replaceAll(/\s+/g, " ");
  return line.length <= MOST_LETTERS ? line : `${line.slice(0, MOST_LETTERS)}…`;
}
