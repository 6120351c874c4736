import { describe } from "../kernel/misuse.ts";
import { BaseChannel, checkCapacity, checkOverflow, titleOf } from "./base-channel.ts";
import { Heap } from "./heap.ts";

/** How a priority channel is made. */
export interface PriorityChannelOptions<T> {
  /** As for `sort`: less than 0 if `a` is to be received before `b`. What it throws fails the send or receive that compares. */
  compare: (a: T, b: T) => number;
  /** What messages and labels call it. */
  name?: string;
  /** What `send` does where there is no room: `"wait"` (unless given), or `"error"`: throws a ChannelFullError. */
  overflow?: "wait" | "error";
}

/**
 * A channel out of which comes first what `compare` puts first; of equals, what was sent first. Only what is in it is
 * compared: whoever waits for room is let in first come, first served.
 *
 * @throws RangeError if `capacity` is no whole number, 1 or more, nor Infinity.
 * @example
 * ```ts
 * import { PriorityChannel, run } from "cede";
 *
 * await run(function* () {
 *   const calls = new PriorityChannel<{ who: string; urgency: number }>(100, {
 *     compare: (a, b) => b.urgency - a.urgency,
 *   });
 *   yield* calls.send({ who: "a friend", urgency: 1 });
 *   yield* calls.send({ who: "the neighbours", urgency: 1 });
 *   yield* calls.send({ who: "the fire brigade", urgency: 9 });
 *   calls.close();
 *   for (let call = yield* calls.receiveOrEnd(); !call.done; call = yield* calls.receiveOrEnd()) {
 *     console.log(call.value.who);
 *   }
 * });
 * // prints: the fire brigade
 * // prints: a friend
 * // prints: the neighbours
 * ```
 */
export class PriorityChannel<T> extends BaseChannel<T> {
  constructor(capacity: number, options: PriorityChannelOptions<T>) {
    const { compare, name, overflow = "wait" } = options;
    const title = titleOf("priority channel", name);
    checkCapacity(title, capacity, 1);
    checkOverflow(title, overflow, ["wait", "error"]);
    if (typeof compare !== "function") {
      throw new TypeError(
        `Cannot make ${title} that compares by ${describe(compare)}: give it a function, as \`sort\` has, such as ` +
          "`{ compare: (a, b) => a.at - b.at }`.",
      );
    }
    super(title, capacity, overflow, new Heap<T>(compare));
  }
}
