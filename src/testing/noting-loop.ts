/** A loop that knows what `callLater` and `callAt` are still to call, and who has asked for it. */
import { currentTask, EventLoop, type CallHandle } from "../index.ts";
import { at as placeOf, CodePlace } from "./code-place.ts";

interface Call {
  readonly by: string;
  readonly at: number;
  readonly place: CodePlace;
}

export class NotingLoop extends EventLoop {
  readonly #calls = new Set<Call>();

  /** `callLater` comes here, too. */
  override callAt(at: number, callback: () => void): CallHandle {
    const call: Call = { by: currentTask()?.name ?? "a callback", at, place: new CodePlace() };
    const handle = super.callAt(at, () => {
      this.#calls.delete(call);
      callback();
    });
    this.#calls.add(call);
    return {
      cancel: () => {
        this.#calls.delete(call);
        handle.cancel();
      },
    };
  }

  /** What is still to be called, in words. */
  get callsToCome(): string[] {
    return [...this.#calls].map(
      ({ by, at, place }) => `a call at ${at} ms was still to come that ${by} had asked for${placeOf(place)}`,
    );
  }
}
