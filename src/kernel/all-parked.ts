/** The wait that ends when nothing else can go on by itself: for tests. The loop ends it, before its host waits. */
import type { Awaitable } from "./awaitable.ts";
import { Wait } from "./wait.ts";

class AllParked extends Wait<void> {
  readonly label = "every other task to park";

  protected begin(): boolean {
    this.task!.loop.whenParked.add(this);
    return false;
  }

  abort(): void {
    this.task!.loop.whenParked.delete(this);
  }
}

const allParked: Awaitable<void> = { [Symbol.iterator]: () => new AllParked() };

/**
 * Waits until every other task of the loop is parked: whatever could go on by itself has done so. Virtual time
 * stands still meanwhile. Several tasks may wait so at once, and go on together. A task that waits for the outside (a
 * promise, say) is parked, too.
 *
 * @example
 * ```ts
 * import { createTask, Future } from "cede";
 * import { runTest, waitAllParked } from "cede/testing";
 *
 * await runTest(function* () {
 *   const door = new Future<void>("the door");
 *   const guest = createTask(function* guest() {
 *     yield; // however many turns it takes
 *     yield* door;
 *   });
 *   yield* waitAllParked();
 *   console.log(guest.waitingFor); // prints: future "the door"
 *   door.setResult();
 *   yield* guest;
 * });
 * ```
 */
export function waitAllParked(): Awaitable<void> {
  return allParked;
}
