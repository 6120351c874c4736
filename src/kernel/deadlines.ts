/**
 * What is to happen at a time. Most timeouts never fire, so setting one and taking it back are the
 * operations that matter: in a binary heap that knows each timer's place both are O(log n), nearly always
 * a step or two, since a new deadline tends to be a late one. Deadlines are exact: no slots, no rounding,
 * so a virtual clock shows fractions of a millisecond in their order.
 *
 * Promises: timers expire in the order of their deadlines, equal ones in the order they were first set.
 */

export interface Timer {
  /** When, in milliseconds of the loop's clock. Written by `Deadlines` only. */
  at: number;
  /** Its place among equals, given when it is first set; 0 before. */
  order: number;
  /** Its index in the heap; -1 while it is not set. */
  slot: number;
  /** Whether it cancels something, and does not only make something ready. */
  readonly cancels?: boolean;
  expire(): void;
}

export class Deadlines {
  #heap: Timer[] = [];
  #orders = 0;
  /** Which of several equal ones is the first: see `Scheduler.tie`. */
  readonly #tie: ((count: number) => number) | undefined;

  constructor(tie?: (count: number) => number) {
    this.#tie = tie;
  }

  get size(): number {
    return this.#heap.length;
  }

  /** The next deadline, `Infinity` when there is none. */
  get next(): number {
    return this.#heap.length === 0 ? Infinity : this.#heap[0]!.at;
  }

  /** Sets a timer, or moves one that is set. One that is moved keeps its place among equals. */
  set(timer: Timer, at: number): void {
    if (timer.order === 0) timer.order = ++this.#orders;
    if (timer.slot >= 0) this.clear(timer);
    timer.at = at;
    if (at !== Infinity) this.#up(timer, this.#heap.length);
  }

  clear(timer: Timer): void {
    const slot = timer.slot;
    if (slot < 0) return;
    timer.slot = -1;
    const last = this.#heap.pop()!;
    if (last === timer) return;
    if (slot > 0 && before(last, this.#heap[(slot - 1) >> 1]!)) this.#up(last, slot);
    else this.#down(last, slot);
  }

  /** Takes out all of them. */
  clearAll(): void {
    for (const timer of this.#heap.splice(0)) timer.slot = -1;
  }

  /** Expires what is due at `now`, in order, including what expiring it sets for `now` or earlier. */
  expire(now: number): void {
    for (let first = this.#heap[0]; first !== undefined && first.at <= now; first = this.#heap[0]) {
      if (this.#tie !== undefined) first = this.#firstOfEquals(first, this.#tie);
      this.clear(first);
      first.expire();
    }
  }

  #firstOfEquals(first: Timer, tie: (count: number) => number): Timer {
    const equals = [first]; // in the heap, each hangs below another
    for (const { slot } of equals) {
      for (const below of [this.#heap[2 * slot + 1], this.#heap[2 * slot + 2]]) {
        if (below?.at === first.at) equals.push(below); // it grows as it is walked
      }
    }
    if (equals.length === 1 || !equals.some(({ cancels }) => cancels)) return first;
    equals.sort((a, b) => a.order - b.order);
    return equals[tie(equals.length)]!;
  }

  #up(timer: Timer, slot: number): void {
    const heap = this.#heap;
    while (slot > 0) {
      const parent = (slot - 1) >> 1;
      const above = heap[parent]!;
      if (!before(timer, above)) break;
      heap[slot] = above;
      above.slot = slot;
      slot = parent;
    }
    heap[slot] = timer;
    timer.slot = slot;
  }

  #down(timer: Timer, slot: number): void {
    const heap = this.#heap;
    const size = heap.length;
    for (;;) {
      let child = 2 * slot + 1;
      if (child >= size) break;
      if (child + 1 < size && before(heap[child + 1]!, heap[child]!)) child++;
      const below = heap[child]!;
      if (!before(below, timer)) break;
      heap[slot] = below;
      below.slot = slot;
      slot = child;
    }
    heap[slot] = timer;
    timer.slot = slot;
  }
}

function before(a: Timer, b: Timer): boolean {
  return a.at < b.at || (a.at === b.at && a.order < b.order);
}
