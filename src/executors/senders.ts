/** A sender of a channel among the arguments of a job: what the job sends there comes to the caller's channel. */
import { Channel, type Sender } from "../index.ts";

const SenderClass = new Channel<never>(1).sender().constructor;

export function isSender(value: unknown): value is Sender<unknown> {
  return value instanceof SenderClass;
}
