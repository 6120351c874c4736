/** What waits to be received, and in which order it comes out. */
export interface Store<T> {
  readonly size: number;
  push(item: T): void;
  /** Takes out what comes next. Only while there is something. */
  shift(): T;
  clear(): void;
}

const SMALLEST = 8;
/** Up to here it is left as it is: one that is filled and emptied by turns would grow and shrink all the time. */
const SMALL = 64;

/**
 * First in, first out, in constant time: a ring of slots, which doubles when it is full and halves when three quarters
 * are empty, so that the memory of a burst is given back.
 */
export class Ring<T> implements Store<T> {
  size = 0;
  #slots = slots<T>(SMALLEST);
  #head = 0;

  push(item: T): void {
    if (this.size === this.#slots.length) this.#resize(this.size * 2);
    this.#slots[(this.#head + this.size++) & (this.#slots.length - 1)] = item;
  }

  shift(): T {
    const ring = this.#slots;
    const head = this.#head;
    const item = ring[head] as T;
    ring[head] = undefined; // what was received is nobody's here
    this.#head = (head + 1) & (ring.length - 1);
    if (--this.size < ring.length >> 2 && ring.length > SMALL) this.#resize(ring.length >> 1);
    return item;
  }

  clear(): void {
    this.size = this.#head = 0;
    this.#slots = slots<T>(SMALLEST);
  }

  #resize(length: number): void {
    const old = this.#slots;
    const ring = slots<T>(length);
    for (let i = 0; i < this.size; i++) ring[i] = old[(this.#head + i) & (old.length - 1)];
    this.#slots = ring;
    this.#head = 0;
  }
}

function slots<T>(length: number): (T | undefined)[] {
  const made: (T | undefined)[] = [];
  while (made.length < length) made.push(undefined); // no holes, which are slow to read
  return made;
}
