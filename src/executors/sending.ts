/**
 * The worker's end of a sender among the arguments: the job is given a sender of a channel without room, and what it sends
 * there goes over the link, one item at a time, each once the caller's channel has taken the one before. That goes on until
 * the job has ended, also while it cleans up after it was cancelled.
 */
import {
  BrokenChannelError,
  Channel,
  ChannelClosedError,
  coroutine,
  shield,
  taskGroup,
  until,
  type Awaitable,
  type Coroutine,
  type Receiver,
} from "../index.ts";
import { runApart } from "../lowlevel.ts";
import type { JobModule } from "./module.ts";
import { checkPayload, copyPayload } from "./payload.ts";
import { serve, type Request, type Served } from "./serve.ts";

/** The way to the caller. */
export interface Link {
  /**
   * Sends an item for the argument at this index, and says whether the caller's channel took it; if not, it never will
   * again. A promise is waited for also when the job is cancelled; something else to await is cancelled with it, and answers
   * then. `now`: the job is cancelled already. A caller that is elsewhere knows that.
   */
  send(
    at: number,
    item: unknown,
    answer: (taken: boolean) => void,
    now: boolean,
  ): Promise<void> | Coroutine<void> | void;
  /** The job has closed that sender. */
  closed(at: number): void;
}

/** As `serve`, with senders in the place of these arguments. */
export function serveSending(
  module: JobModule,
  where: string,
  request: Request,
  senders: readonly number[],
  link: Link,
): Awaitable<Served> {
  if (senders.length === 0) return apart(module, where, request);
  return serveWith(module, where, request, senders, link);
}

/**
 * In a run of its own, wherever it is: what the job leaves is cancelled at its end, and what fails there is the job's. Until
 * then it can send.
 */
function apart(module: JobModule, where: string, request: Request): Awaitable<Served> {
  const { name, label } = request;
  return runApart(() => serve(module, where, request), label === undefined ? { name } : { name, label });
}

const serveWith = coroutine(function* serve_(
  module: JobModule,
  where: string,
  request: Request,
  senders: readonly number[],
  link: Link,
): Awaitable<Served> {
  return yield* taskGroup(function* (group) {
    const args = [...request.args];
    const pumps = senders.map((at) => {
      const one = new Pump(at, `argument ${at + 1} of job ${request.name}`, link);
      args[at] = one.items.sender();
      group.createTask(() => pump(one), { name: `stream of job ${request.name}`, start: "always" });
      return one;
    });
    try {
      return yield* apart(module, where, { ...request, args });
    } finally {
      for (const one of pumps) one.jobEnded();
    }
  });
});

/** Instead of an item: somebody waits to send one. */
const LOOK = Symbol("look");
const NOTHING = Symbol("nothing");

/** What the job sends to: it hears at once of what cannot be sent, and may change what it has sent. */
class Items extends Channel<unknown> {
  /**
   * Whether `send` is done only once the caller's channel has taken the item: while the job cleans up after a cancellation,
   * when that may have no room, and is not waited for.
   */
  answers = false;
  /** Whether the next item may be carried at once. */
  idle = true;
  /** What `trySend` was given while nobody waited for it: before the first step of `carry`, and between its two rounds. */
  kept: unknown = NOTHING;
  readonly #title: string;
  readonly #what: string;
  #ended: (() => Error) | null = null;

  constructor(title: string) {
    super(0, { name: title });
    this.#title = title;
    this.#what = `an item of ${title}`;
  }

  /** Nothing can be sent any more. */
  end(Class: new (message: string) => Error, why: string): void {
    this.#ended ??= () => new Class(`Cannot send to ${this.#title}: ${why}`);
    for (let wait = this.senders.shift(); wait !== null; wait = this.senders.shift())
      wait.fail(this.#ended());
    this.close();
  }

  override trySend(item: unknown): boolean {
    this.#check(item);
    if (super.trySend(item)) return true;
    if (!this.idle || !this.senders.isEmpty) return false;
    this.idle = false;
    this.kept = copyPayload(item, this.#what);
    return true;
  }
  override accept(item: unknown): boolean {
    this.#check(item);
    if (!this.answers) return super.accept(item);
    super.accept(LOOK);
    return false; // it waits, and `carry` finds it
  }
  // Whoever waits for an item has it later than now; whoever takes one while the job waits has it now.
  protected override hand(item: unknown): boolean {
    if (!super.hand(item === LOOK ? LOOK : copyPayload(item, this.#what))) return false;
    this.idle = false;
    return true;
  }

  #check(item: unknown): void {
    if (this.#ended !== null) throw this.#ended();
    checkPayload(item, this.#what);
  }
}

/** One sender of the job's, and the way that its items go. */
class Pump {
  readonly items: Items;
  /** Whether nothing more goes that way. */
  over = false;
  readonly #at: number;
  readonly #link: Link;
  readonly #receiver: Receiver<unknown>;
  /** Whether the job left its sender open: then the caller's stays open too. */
  #leftOpen = false;
  /** Whether the caller's channel has refused an item: then none is to come after it. */
  #refused = false;

  constructor(at: number, title: string, link: Link) {
    this.#at = at;
    this.items = new Items(title);
    this.#receiver = this.items.receiver();
    this.#link = link;
  }

  jobEnded(): void {
    this.#leftOpen = !this.items.statistics.closed;
    this.items.end(ChannelClosedError, "the job has ended. Let it wait for its tasks that send.");
  }

  /** Carries items until the job has ended, or nobody takes them. @throws for what the link cannot carry */
  *carry(): Awaitable<void> {
    try {
      yield* this.#carry();
      this.over = true;
    } catch (error) {
      this.over = true;
      this.items.end(BrokenChannelError, "an item before could not be sent, and the job is being stopped.");
      throw error;
    }
  }

  *#carry(): Awaitable<void> {
    const { items } = this;
    for (; !this.#refused; items.idle = true) {
      if (items.kept !== NOTHING) {
        const { kept } = items;
        items.kept = NOTHING;
        yield* this.#send(kept);
        continue;
      }
      const wait = items.answers ? this.#firstWaiting() : undefined;
      if (wait !== undefined) {
        items.idle = false;
        yield* this.#send(wait.item);
        if (this.#refused) break;
        items.senders.remove(wait);
        wait.complete();
        continue;
      }
      const next = yield* this.#receiver.receiveOrEnd();
      if (next.done) {
        if (!this.#leftOpen) this.#link.closed(this.#at);
        return;
      }
      items.idle = false;
      if (next.value !== LOOK) yield* this.#send(next.value);
    }
    items.end(
      BrokenChannelError,
      "whoever called it receives no more: the channel was closed there, or the call was cancelled while it had no room. " +
        "Stop sending.",
    );
  }

  #firstWaiting(): SendWait | undefined {
    for (const wait of this.items.senders) if (wait.isWaiting) return wait;
    return undefined;
  }

  *#send(item: unknown): Awaitable<void> {
    const answer = (taken: boolean): void => void (this.#refused = !taken);
    const sent = this.#link.send(this.#at, item, answer, this.items.answers);
    if (sent instanceof Promise) yield* shield(() => until(sent));
    else if (sent !== undefined) yield* sent;
  }
}

type SendWait = Items["senders"] extends Iterable<infer Wait> ? Wait : never;

const pump = coroutine(function* pump(one: Pump): Awaitable<void> {
  try {
    yield* one.carry();
  } finally {
    // Cancelled with the job, which may clean up: what it sends there is carried too.
    if (!one.over) {
      one.items.answers = true;
      yield* one.carry();
    }
  }
});
