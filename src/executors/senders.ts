/** A sender of a channel among the arguments of a job: what the job sends there comes to the caller's channel. */
import { Channel, coroutine, type Coroutine, type Sender } from "../index.ts";

const SenderClass = new Channel<never>(1).sender().constructor;

export function isSender(value: unknown): value is Sender<unknown> {
  return value instanceof SenderClass;
}

/** Sends an item on to the caller's channel. `false`: it is closed, and the job hears of that where it sends. */
export const pass: (sender: Sender<unknown>, item: unknown) => Coroutine<boolean> = coroutine(function* send(
  sender: Sender<unknown>,
  item: unknown,
) {
  try {
    yield* sender.send(item);
    return true;
  } catch {
    return false;
  }
});
