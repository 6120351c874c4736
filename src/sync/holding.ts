/** What locks, semaphores and limiters have in common: something is held, others wait for it in a queue. */
import type { Awaitable, Body } from "../kernel/awaitable.ts";
import { coroutine } from "../kernel/coroutine.ts";
import type { LoopPort } from "../kernel/current.ts";
import { Frame } from "../kernel/frame.ts";
import { LinkedList, type Link } from "../kernel/list.ts";
import { describe, namedAfter } from "../kernel/misuse.ts";
import { Wait } from "../kernel/wait.ts";

/** What is held: released by `release()`, or at the end of a block with `using`, once however often. */
export interface Guard extends Disposable {
  release(): void;
}

/** How a primitive is made. */
export interface SyncOptions {
  /** What labels and messages call it. */
  name?: string | undefined;
}

/** Runs `body` with what is acquired, and releases that on every way out. @throws TypeError */
export function holding<T>(acquire: Awaitable<Guard>, body: Body<T>): Awaitable<T> {
  if (typeof body === "function") return held(acquire, body);
  throw new TypeError(
    `Cannot run ${describe(body)} as a body: a body is a function that returns what is awaited. Write ` +
      "`() => …`, or `function* () { … }`.",
  );
}

const held = coroutine(function* held<T>(acquire: Awaitable<Guard>, body: Body<T>): Awaitable<T> {
  const guard = yield* acquire;
  try {
    // In a frame of its own: a plain body's cleanup may suspend.
    const frame: Awaitable<T> = new Frame<T>(() => namedAfter(body, body()));
    return yield* frame;
  } finally {
    guard.release();
  }
});

/** A wait in a queue. */
export abstract class QueuedWait<T> extends Wait<T> {
  /** Whether nobody has ended it: one that is cancelled stays in the queue until its task has its step. */
  get isWaiting(): boolean {
    return this.pending;
  }
}

/** Who waits, in the order they came. */
export class Queue<W extends Link & { readonly isWaiting: boolean }> extends LinkedList<W> {
  /** How many are in it. */
  size = 0;

  /** How many wait. Those that are cancelled, and still in it, do not. */
  get waiting(): number {
    let count = 0;
    for (const wait of this) if (wait.isWaiting) count++;
    return count;
  }

  override push(wait: W): void {
    this.size++;
    super.push(wait);
  }

  override remove(wait: W): void {
    if (wait.list === this) this.size--;
    super.remove(wait);
  }
}

/** Whether the tasks of more than one loop have had to do with something, since it was last free. */
export class Loops {
  #first: LoopPort | null = null;
  several = false;

  add(loop: LoopPort): void {
    this.#first ??= loop;
    if (loop !== this.#first) this.several = true;
  }

  clear(): void {
    this.#first = null;
    this.several = false;
  }
}

/** What something is called in labels and messages: `lock "db"`. */
export function called(kind: string, name: string | undefined): string {
  return name === undefined ? `${kind === "event" ? "an" : "a"} ${kind}` : `${kind} "${name}"`;
}
