/**
 * Tasks beside a loop, for operators that do several things at once. They belong to the frame that loops: they are
 * cancelled, and their cleanup awaited, when the loop is over. What they find they send through a channel; a failure
 * cancels the others, and comes to the loop behind what was found before.
 */
import { Channel } from "../channels/channel.ts";
import type { Overflow } from "../channels/base-channel.ts";
import { NOTHING } from "../channels/waits.ts";
import type { Awaitable, Body } from "../kernel/awaitable.ts";
import { coroutine, type Coroutine } from "../kernel/coroutine.ts";
import { giveWay, NONE } from "../kernel/exit.ts";
import type { Task } from "../kernel/task.ts";
import { TaskScope } from "../structure/task-scope.ts";
import { reportLate } from "./host.ts";
import { iterate } from "./items.ts";
import type { Source } from "./source.ts";
import type { Opening } from "./stage.ts";

export class Beside<T> extends TaskScope {
  /** What the tasks find. Closed once all have ended. */
  readonly found: Channel<T>;
  readonly #name: string;
  readonly #opening: Opening;
  /** What tasks had in hand, and waited to hand over, when one of them failed. */
  readonly #held: T[] = [];
  readonly #handsOver: boolean;
  #failure: unknown = NONE;
  #cleanupFailure: unknown = NONE;
  #stopped = false;

  constructor(opening: Opening, name: string, capacity: number, overflow: Overflow = "wait") {
    super();
    this.#name = name;
    this.#opening = opening;
    this.#handsOver = capacity === 0;
    this.found = new Channel(capacity, { name, overflow });
    this.open(opening.task, opening.task.calleeScope());
    opening.onClose(() => this.#release());
  }

  get label(): string {
    return `the tasks of ${this.#name}`;
  }

  /** Starts a task. */
  start<R>(body: Awaitable<R> | Body<R>, name: string = this.#name): Task<R> {
    return this.spawn(body, this.#opening.task, { name });
  }

  /** Starts a task that sends what a source brings. */
  pump(source: Source<T>): void {
    this.start(() => sendAll(source, this.found, this.#opening.settleTimeout));
  }

  /** The next thing that was found, as far as there is one; throws what has failed. */
  *next(): Awaitable<{ readonly value: T } | undefined> {
    if (this.#held.length > 0) return { value: this.#held.shift()! };
    const found = yield* this.found.receiveOrEnd();
    if (!found.done) return found;
    this.throwFailure();
    return undefined;
  }

  throwFailure(): void {
    const error = this.#failure;
    if (error === NONE) return;
    this.#failure = NONE;
    throw error;
  }

  protected childFailed(child: Task<unknown>, unwound: boolean): void {
    const error = child.error();
    if (!unwound && !this.#stopped && this.#failure === NONE) {
      this.#failure = error;
      if (this.#handsOver) this.#hold();
      this.cancel(error);
    } else if (this.#cleanupFailure === NONE) {
      this.#cleanupFailure = error;
    } else {
      giveWay(this.#cleanupFailure, error, child.loop);
    }
  }

  /** Before they are cancelled, since an item would be lost with its sender. */
  #hold(): void {
    for (let item = this.found.take(); item !== NOTHING; item = this.found.take()) this.#held.push(item);
  }

  protected override allEnded(): void {
    super.allEnded();
    this.found.close();
  }

  #release(): Awaitable<unknown> | undefined {
    this.#stopped = true;
    if (!this.isEmpty) this.cancel("the loop over the stream is over");
    return this.whenEmpty(() => this.#end());
  }

  #end(): void {
    const task = this.#opening.task;
    this.close();
    if (this.#failure !== NONE)
      reportLate(this.#failure, `A source that ${task.name} no longer looped over`, task);
    if (this.#cleanupFailure !== NONE) throw this.#cleanupFailure;
  }
}

/** Opens a source, and sends what it brings. */
export const sendAll: <T>(source: Source<T>, to: Channel<T>, settleTimeout: number) => Coroutine<void> =
  coroutine(function* pump<T>(source: Source<T>, to: Channel<T>, settleTimeout: number): Awaitable<void> {
    const items = yield* iterate(source, { settleTimeout });
    while (yield* items.next()) yield* to.send(items.value);
  });
