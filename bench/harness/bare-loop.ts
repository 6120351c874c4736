/**
 * The least that can be called a runtime: a queue of suspended generators, and a channel between them. Nobody can be
 * cancelled, nothing is named, checked or watched. What it costs is the floor for whoever resumes generators through
 * waits: how much of a bar is the engine's own.
 */
type Bare = Generator<symbol | undefined, unknown, unknown>;

const PARKED = Symbol("parked");
const parked = (function* () {
  yield PARKED;
})().next() as IteratorYieldResult<symbol>;
const { next: NEXT } = Object.getPrototypeOf(Object.getPrototypeOf((function* () {})()) as object) as {
  next: Bare["next"];
};

class Task {
  readonly generator: Bare;
  after: Task | null = null;
  constructor(generator: Bare) {
    this.generator = generator;
    push(this);
  }
}

let running: Task | null = null;
let first: Task | null = null;
let last: Task | null = null;

function push(task: Task): void {
  if (last === null) first = task;
  else last.after = task;
  last = task;
}

/** Runs what is given, all at once, until nobody is ready. */
export function runBare(...generators: Bare[]): void {
  for (const generator of generators) new Task(generator);
  while (first !== null) {
    const task: Task = first;
    first = task.after;
    if (first === null) last = null;
    task.after = null;
    running = task;
    const { done, value } = NEXT.apply(task.generator);
    if (!done && value === undefined) push(task);
  }
}

/** A wait is its own result, so that it is all there is to make. */
abstract class Wait<T> implements Iterator<symbol, T> {
  ended = false;
  value: unknown;
  task: Task | null = null;
  after: Wait<unknown> | null = null;
  readonly channel: BareChannel;
  constructor(channel: BareChannel, value: unknown) {
    this.channel = channel;
    this.value = value;
  }
  [Symbol.iterator](): this {
    return this;
  }
  get done(): true {
    return true;
  }
  next(): IteratorResult<symbol, T> {
    if (this.ended || this.begin()) return this as unknown as IteratorReturnResult<T>;
    this.task = running;
    return parked;
  }
  wake(): void {
    this.ended = true;
    push(this.task!);
  }
  protected abstract begin(): boolean;
}

class Send extends Wait<void> {
  protected begin(): boolean {
    const { channel } = this;
    const receiver = channel.receivers.shift();
    if (receiver !== null) {
      receiver.value = this.value;
      receiver.wake();
    } else if (channel.size < channel.capacity) {
      channel.put(this.value as number);
    } else {
      channel.senders.push(this);
      return false;
    }
    return true;
  }
}

class Receive extends Wait<number> {
  protected begin(): boolean {
    const { channel } = this;
    if (channel.size > 0) {
      this.value = channel.take();
      const sender = channel.senders.shift();
      if (sender !== null) {
        channel.put(sender.value as number);
        sender.wake();
      }
      return true;
    }
    const sender = channel.senders.shift();
    if (sender === null) {
      channel.receivers.push(this);
      return false;
    }
    this.value = sender.value;
    sender.wake();
    return true;
  }
}

class Queue {
  #first: Wait<unknown> | null = null;
  #last: Wait<unknown> | null = null;
  push(wait: Wait<unknown>): void {
    if (this.#last === null) this.#first = wait;
    else this.#last.after = wait;
    this.#last = wait;
  }
  shift(): Wait<unknown> | null {
    const wait = this.#first;
    if (wait === null) return null;
    this.#first = wait.after;
    if (this.#first === null) this.#last = null;
    return wait;
  }
}

/** Numbers, handed over or kept: as many as there is room for. */
export class BareChannel {
  readonly capacity: number;
  readonly senders = new Queue();
  readonly receivers = new Queue();
  size = 0;
  readonly #items: number[];
  #head = 0;

  constructor(capacity: number) {
    this.capacity = capacity;
    this.#items = Array.from({ length: capacity }, () => 0);
  }
  send(item: number): Wait<void> {
    return new Send(this, item);
  }
  receive(): Wait<number> {
    return new Receive(this, undefined);
  }
  put(item: number): void {
    this.#items[(this.#head + this.size++) % this.capacity] = item;
  }
  take(): number {
    const item = this.#items[this.#head]!;
    this.#head = (this.#head + 1) % this.capacity;
    this.size--;
    return item;
  }
}
