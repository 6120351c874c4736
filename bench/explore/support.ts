/**
 * What the programs of this benchmark are made of: threads, and the locks and channels of the literature, small and
 * correct. Whoever takes one of these gives way first, as an instrumented program does before each operation that
 * another thread can see; what is released is released within the step.
 */
import { currentTask, taskGroup, type Awaitable, type Task } from "cede";
import { park, type ParkedWait } from "cede/lowlevel";

export type Program = () => Awaitable<unknown>;

/** A program with a mistake in it that only some orders bring to light (or each one, where `bug` says so). */
export interface Bug {
  readonly name: string;
  /** The paper or the suite, and what it is called there. */
  readonly source: string;
  /** What is wrong. */
  readonly bug: string;
  readonly program: Program;
  /** The same without the mistake. */
  readonly repaired?: Program;
}

/** A program that no order breaks. */
export interface Correct {
  readonly name: string;
  readonly program: Program;
}

export function check(holds: boolean, otherwise: string): asserts holds {
  if (!holds) throw new Error(otherwise);
}

/** Runs the bodies as tasks that are there at once, and waits for all. */
export function threads(...bodies: readonly Program[]): Awaitable<void> {
  return taskGroup(function* (group) {
    for (const body of bodies) group.createTask(body, { name: body.name || "thread" });
  });
}

/** As `threads`; but whoever starts them gives way after each, as with threads of an operating system. */
export function staggered(...bodies: readonly Program[]): Awaitable<void> {
  return taskGroup(function* (group) {
    for (const body of bodies) {
      group.createTask(body, { name: body.name || "thread" });
      yield;
    }
  });
}

/** The task that asks. */
function self(): Task<unknown> {
  return currentTask()!;
}

export function times<T>(count: number, make: (index: number) => T): T[] {
  return Array.from({ length: count }, (_, index) => make(index));
}

/** Waits in order of arrival. Who has ended, or was cancelled, is passed over. */
class Queue<T> {
  readonly #waits: { readonly wait: ParkedWait<T>; readonly task: Task<unknown> }[] = [];

  get length(): number {
    return this.#waits.length;
  }

  get tasks(): Task<unknown>[] {
    return this.#waits.map(({ task }) => task);
  }

  /** Without `holders`, any task may be the one that ends the wait. */
  join(label: string, holders?: () => Iterable<Task<unknown>>): Awaitable<T> {
    return park<T>(holders === undefined ? { label, external: false } : { label, holders }, (wait) => {
      const entry = { wait, task: self() };
      this.#waits.push(entry);
      return () => {
        const at = this.#waits.indexOf(entry); // who was passed over is not there any more
        if (at >= 0) this.#waits.splice(at, 1);
      };
    });
  }

  /** The task whose wait was ended; `null` if nobody waits. */
  wakeOne(value: T): Task<unknown> | null {
    for (let first = this.#waits.shift(); first !== undefined; first = this.#waits.shift()) {
      if (first.wait.complete(value)) return first.task;
    }
    return null;
  }

  wakeAll(value: T): void {
    while (this.wakeOne(value) !== null);
  }
}

/** A lock that is handed over in order of arrival. Whoever holds it and wants it again waits for itself. */
export class Mutex {
  readonly #name: string;
  readonly #waiting = new Queue<void>();
  #owner: Task<unknown> | null = null;

  constructor(name = "lock") {
    this.#name = name;
  }

  get locked(): boolean {
    return this.#owner !== null;
  }

  *lock(): Awaitable<void> {
    yield;
    if (this.#owner === null) this.#owner = self();
    else yield* this.#waiting.join(this.#name, () => (this.#owner === null ? [] : [this.#owner]));
  }

  unlock(): void {
    check(this.#owner !== null, `Cannot unlock ${this.#name}: nobody holds it.`);
    this.#owner = this.#waiting.wakeOne();
  }

  *with<T>(body: () => Awaitable<T>): Awaitable<T> {
    yield* this.lock();
    try {
      return yield* body();
    } finally {
      this.unlock();
    }
  }
}

/** Waits that somebody signals, with a lock that is let go meanwhile. */
export class Condition {
  readonly #waiting = new Queue<void>();
  readonly #name: string;

  constructor(name = "condition") {
    this.#name = name;
  }

  *wait(mutex: Mutex): Awaitable<void> {
    mutex.unlock();
    yield* this.#waiting.join(this.#name);
    yield* mutex.lock(); // whoever is cancelled while it waits does not have the lock
  }

  signal(): void {
    this.#waiting.wakeOne();
  }

  broadcast(): void {
    this.#waiting.wakeAll();
  }
}

export class Semaphore {
  readonly #waiting = new Queue<void>();
  permits: number;

  constructor(permits: number) {
    this.permits = permits;
  }

  *acquire(): Awaitable<void> {
    yield;
    if (this.permits > 0) this.permits--;
    else yield* this.#waiting.join("a permit");
  }

  release(): void {
    if (this.#waiting.wakeOne() === null) this.permits++;
  }
}

/** Many readers or one writer; a writer that waits goes before readers that come later, as Go's does. */
export class RWMutex {
  readonly #readers: Task<unknown>[] = [];
  readonly #waitingReaders = new Queue<void>();
  readonly #waitingWriters = new Queue<void>();
  #writer: Task<unknown> | null = null;

  *readLock(): Awaitable<void> {
    yield;
    const me = self();
    if (this.#writer === null && this.#waitingWriters.length === 0) this.#readers.push(me);
    else
      yield* this.#waitingReaders.join("to read", () => [...this.#holders(), ...this.#waitingWriters.tasks]);
  }

  readUnlock(): void {
    const at = this.#readers.indexOf(self());
    check(at >= 0, "Cannot end reading: this task does not read.");
    this.#readers.splice(at, 1);
    if (this.#readers.length === 0) this.#writer = this.#waitingWriters.wakeOne();
  }

  *writeLock(): Awaitable<void> {
    yield;
    if (this.#writer === null && this.#readers.length === 0) this.#writer = self();
    else yield* this.#waitingWriters.join("to write", () => this.#holders());
  }

  writeUnlock(): void {
    check(this.#writer !== null, "Cannot end writing: nobody writes.");
    this.#writer = null;
    for (
      let reader = this.#waitingReaders.wakeOne();
      reader !== null;
      reader = this.#waitingReaders.wakeOne()
    )
      this.#readers.push(reader);
    if (this.#readers.length === 0) this.#writer = this.#waitingWriters.wakeOne();
  }

  #holders(): Task<unknown>[] {
    return this.#writer === null ? [...this.#readers] : [this.#writer];
  }
}

/** Items in order; with a capacity of 0 a sender waits for its receiver. */
export class Channel<T> {
  readonly #items: T[] = [];
  readonly #receivers = new Queue<T | undefined>();
  readonly #senders = new Queue<void>();
  /** What the waiting senders bring, side by side with them. */
  readonly #brought = new Map<Task<unknown>, T>();
  readonly #capacity: number;
  closed = false;

  constructor(capacity = 0) {
    this.#capacity = capacity;
  }

  *send(item: T): Awaitable<void> {
    yield;
    check(!this.closed, "Cannot send: the channel is closed.");
    if (this.#receivers.wakeOne(item) !== null) return;
    if (this.#items.length < this.#capacity) {
      this.#items.push(item);
      return;
    }
    const me = self();
    this.#brought.set(me, item);
    try {
      yield* this.#senders.join("a receiver");
    } finally {
      this.#brought.delete(me);
    }
  }

  /** False if nobody takes it now. */
  trySend(item: T): boolean {
    check(!this.closed, "Cannot send: the channel is closed.");
    if (this.#receivers.wakeOne(item) !== null) return true;
    if (this.#items.length === this.#capacity) return false;
    this.#items.push(item);
    return true;
  }

  /** The next item, or `undefined` once the channel is closed and empty. */
  *receive(): Awaitable<T | undefined> {
    yield;
    const had = this.#items.length > 0;
    let item = this.#items.shift();
    const sender = this.#senders.wakeOne();
    if (sender !== null) {
      const brought = this.#brought.get(sender) as T;
      this.#brought.delete(sender);
      if (had) this.#items.push(brought);
      else item = brought;
      return item;
    }
    if (had || this.closed) return item;
    return yield* this.#receivers.join("an item");
  }

  close(): void {
    check(!this.closed, "Cannot close: the channel is closed already.");
    this.closed = true;
    this.#receivers.wakeAll(undefined);
  }
}

export class WaitGroup {
  readonly #waiting = new Queue<void>();
  #left = 0;

  add(count = 1): void {
    this.#left += count;
    check(this.#left >= 0, "More are done than there were.");
    if (this.#left === 0) this.#waiting.wakeAll();
  }

  done(): void {
    this.add(-1);
  }

  *wait(): Awaitable<void> {
    yield;
    if (this.#left > 0) yield* this.#waiting.join("all to be done");
  }
}

/** Something that happens once. */
export class Event {
  readonly #waiting = new Queue<void>();
  happened = false;

  set(): void {
    this.happened = true;
    this.#waiting.wakeAll();
  }

  *wait(): Awaitable<void> {
    yield;
    if (!this.happened) yield* this.#waiting.join("the event");
  }
}
