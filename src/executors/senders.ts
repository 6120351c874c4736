/** A sender of a channel among the arguments of a job: what the job sends there comes to the caller's channel. */
import { Channel, coroutine, type Coroutine, type Sender } from "../index.ts";

const SenderClass = new Channel<never>(1).sender().constructor;

export function isSender(value: unknown): value is Sender<unknown> {
  return value instanceof SenderClass;
}

/**
 * Sends an item on to the caller's channel, and answers whether that took it: `false` if it is closed, and the job hears of
 * that where it sends. If the call is cancelled, the job may clean up, and is not to wait for room that nobody makes: then
 * the item is taken if there is room at once. It is answered in any case, if this is begun.
 */
export const pass: (
  sender: Sender<unknown>,
  item: unknown,
  answer: (taken: boolean) => void,
) => Coroutine<void> = coroutine(function* send(sender, item, answer) {
  let taken: boolean | null = null;
  try {
    yield* sender.send(item);
    taken = true;
  } catch {
    taken = false;
  } finally {
    answer(taken ?? passNow(sender, item));
  }
});

/** The same if the call is cancelled already. */
export function passNow(sender: Sender<unknown>, item: unknown): boolean {
  try {
    return sender.trySend(item);
  } catch {
    return false;
  }
}
