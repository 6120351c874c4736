/** The errors of channels that a caller would want to tell apart. */

/**
 * A channel was closed: nothing can be sent any more, or nothing is left to be received. To receive until then without an
 * error, use `receiveOrEnd`.
 *
 * @example
 * ```ts
 * import { Channel, ChannelClosedError, run } from "cede";
 *
 * await run(function* () {
 *   const jobs = new Channel<string>(8, { name: "jobs" });
 *   yield* jobs.send("sweep");
 *   jobs.close();
 *   console.log(yield* jobs.receive()); // prints: sweep
 *   try {
 *     yield* jobs.receive();
 *   } catch (error) {
 *     console.log(error instanceof ChannelClosedError); // prints: true
 *   }
 * });
 * ```
 */
export class ChannelClosedError extends Error {
  override readonly name = "ChannelClosedError";
}

/**
 * The last receiver of a channel was closed: nobody would ever get what is sent.
 *
 * @example
 * ```ts
 * import { BrokenChannelError, Channel, run } from "cede";
 *
 * await run(function* () {
 *   const jobs = new Channel<string>(8);
 *   const receiver = jobs.receiver();
 *   receiver.close();
 *   try {
 *     yield* jobs.send("sweep");
 *   } catch (error) {
 *     console.log(error instanceof BrokenChannelError); // prints: true
 *   }
 * });
 * ```
 */
export class BrokenChannelError extends Error {
  override readonly name = "BrokenChannelError";
}

/**
 * There was no room in a channel, or in the buffer of a subscriber, that was told to treat this as an error.
 *
 * @example
 * ```ts
 * import { Channel, ChannelFullError, run } from "cede";
 *
 * await run(function* () {
 *   const jobs = new Channel<string>(1, { overflow: "error" });
 *   yield* jobs.send("sweep");
 *   try {
 *     yield* jobs.send("mop");
 *   } catch (error) {
 *     console.log(error instanceof ChannelFullError); // prints: true
 *   }
 * });
 * ```
 */
export class ChannelFullError extends Error {
  override readonly name = "ChannelFullError";
}
