/** Which promises a program waits for, or has waited for, that have not settled; who waited for each, and where. */
import type { TaskInfo, WaitInfo } from "../lowlevel.ts";
import { at, CodePlace } from "./code-place.ts";

/** Of those who waited for one promise. */
const MOST_NAMES = 3;

export class PromiseWaits {
  /** By the number of the task. */
  readonly #open = new Map<object, Map<number, Waited>>();

  /** A task waits. Of other thenables nothing is known: they may do their work each time that they are asked. */
  wait({ id, name }: TaskInfo, wait: WaitInfo): void {
    const { promise } = wait as { readonly promise?: unknown }; // as `until` and `call` wait
    if (!isNative(promise)) return;
    let waiters = this.#open.get(promise);
    if (waiters === undefined) {
      this.#open.set(promise, (waiters = new Map()));
      const settled = (): void => void this.#open.delete(promise);
      void Promise.prototype.then.call(promise, settled, settled);
    }
    if (waiters.has(id) || waiters.size < MOST_NAMES) waiters.set(id, { name, place: new CodePlace() });
  }

  /** For each promise that has not settled, who waited for it: "main#1, at app.ts:4:5". */
  get unsettled(): string[] {
    return [...this.#open.values()].map((waiters) =>
      [...waiters.values()].map(({ name, place }) => `${name}${comma(at(place))}`).join(" and "),
    );
  }

  /** Where a task waits for a promise: " at app.ts:4:5"; "" if it does not, or it is not known. */
  placeOf(task: number): string {
    let last = "";
    for (const waiters of this.#open.values()) last = at(waiters.get(task)?.place) || last;
    return last;
  }
}

function isNative(value: unknown): value is Promise<unknown> {
  return value instanceof Promise && Object.getPrototypeOf(value) === Promise.prototype;
}

interface Waited {
  readonly name: string;
  readonly place: CodePlace;
}

function comma(place: string): string {
  return place === "" ? "" : `,${place}`;
}
