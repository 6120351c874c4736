/** What comes first by an order of the program's comes out first; of equals, what came in first. A binary heap. */
import type { Store } from "./ring.ts";

interface Entry<T> {
  readonly item: T;
  /** Its number among all that came in. */
  readonly order: number;
}

export class Heap<T> implements Store<T> {
  #entries: Entry<T>[] = [];
  #count = 0;
  readonly #compare: (a: T, b: T) => number;

  constructor(compare: (a: T, b: T) => number) {
    this.#compare = compare;
  }

  get size(): number {
    return this.#entries.length;
  }

  push(item: T): void {
    const entry = { item, order: this.#count++ };
    // Its place is found before anything is moved: where `compare` throws, nothing has changed.
    const path: number[] = [];
    let at = this.#entries.length;
    while (at > 0 && this.#isBefore(entry, this.#entries[(at - 1) >> 1]!)) path.push((at = (at - 1) >> 1));
    let hole = this.#entries.length;
    for (const parent of path) {
      this.#entries[hole] = this.#entries[parent]!;
      hole = parent;
    }
    this.#entries[hole] = entry;
  }

  shift(): T {
    const entries = this.#entries;
    const first = entries[0]!;
    const size = entries.length - 1;
    const last = entries[size]!;
    const path: number[] = [];
    let at = 0;
    for (let child = 1; child < size; child = 2 * at + 1) {
      if (child + 1 < size && this.#isBefore(entries[child + 1]!, entries[child]!)) child++;
      if (!this.#isBefore(entries[child]!, last)) break;
      path.push((at = child));
    }
    let hole = 0;
    for (const child of path) {
      entries[hole] = entries[child]!;
      hole = child;
    }
    entries[hole] = last;
    entries.length = size;
    return first.item;
  }

  clear(): void {
    this.#entries = [];
  }

  #isBefore(a: Entry<T>, b: Entry<T>): boolean {
    const order = this.#compare(a.item, b.item);
    return order < 0 || (!(order > 0) && a.order < b.order);
  }
}
