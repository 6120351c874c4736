import { BaseChannel, checkCapacity, checkOverflow, titleOf, type Overflow } from "./base-channel.ts";
import { Ring } from "./ring.ts";

/** How a channel is made. */
export interface ChannelOptions {
  /** What messages and labels call it. */
  name?: string;
  /**
   * What `send` does where there is no room: `"wait"` (unless given); `"dropOldest"`: makes room; `"dropNewest"`: leaves
   * its own item out; `"error"`: throws a ChannelFullError.
   */
  overflow?: Overflow;
}

/**
 * A queue between tasks: what one sends, one other receives, in the order it was sent. It holds at most `capacity` items,
 * and whoever sends more waits: with 0 each is handed over directly, and `Infinity` has to be written where nothing is to
 * wait. Whoever waits longest is served first.
 *
 * @throws RangeError if `capacity` is no whole number, 0 or more, nor Infinity.
 * @example
 * ```ts
 * import { Channel, createTask, run } from "cede";
 *
 * await run(function* () {
 *   const jobs = new Channel<string>(2, { name: "jobs" });
 *   createTask(function* producer() {
 *     for (const job of ["sweep", "mop", "dust"]) yield* jobs.send(job);
 *     jobs.close();
 *   });
 *   for (let job = yield* jobs.receiveOrEnd(); !job.done; job = yield* jobs.receiveOrEnd()) {
 *     console.log(job.value);
 *   }
 * });
 * // prints: sweep
 * // prints: mop
 * // prints: dust
 * ```
 */
export class Channel<T> extends BaseChannel<T> {
  constructor(capacity: number, { name, overflow = "wait" }: ChannelOptions = {}) {
    const title = titleOf("channel", name);
    checkCapacity(title, capacity, 0);
    checkOverflow(title, overflow, ["wait", "dropOldest", "dropNewest", "error"]);
    if (overflow === "dropOldest" && capacity === 0) {
      throw new RangeError(
        `Cannot make ${title} of capacity 0 drop the oldest item: it never holds any. Give it room for one or more, or ` +
          'use "dropNewest".',
      );
    }
    super(title, capacity, overflow, new Ring<T>());
  }
}
