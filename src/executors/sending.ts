/**
 * The worker's end of a sender among the arguments: the job is given a sender of a channel without room, and what it sends
 * there goes over the link, one item at a time, each once the caller's channel has taken the one before.
 */
import { Channel, coroutine, shield, taskGroup, until, type Awaitable, type Coroutine } from "../index.ts";
import { runApart } from "../lowlevel.ts";
import type { JobModule } from "./module.ts";
import { checkPayload, copyPayload } from "./payload.ts";
import { serve, type Request, type Served } from "./serve.ts";

/** The way to the caller. */
export interface Link {
  /**
   * Sends an item for the argument at this index. Whether the caller's channel took it; if not, it never will again. A
   * promise is waited for also when the job is cancelled; something else to await is cancelled with it.
   */
  send(at: number, item: unknown): Promise<boolean> | Coroutine<boolean>;
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
      args[at] = one.channel.sender();
      group.createTask(pump(one), { name: "pump" });
      return one;
    });
    const served = yield* apart(module, where, { ...request, args });
    for (const one of pumps) one.jobEnded();
    return served;
  });
});

/** What the job sends to: it hears at once of what cannot be sent, and may change what it has sent. */
class Items extends Channel<unknown> {
  readonly #what: string;

  constructor(title: string) {
    super(0, { name: title });
    this.#what = `an item of ${title}`;
  }
  override trySend(item: unknown): boolean {
    checkPayload(item, this.#what);
    return super.trySend(item);
  }
  override accept(item: unknown): boolean {
    checkPayload(item, this.#what);
    return super.accept(item);
  }
  // Whoever waits for an item has it later than now; whoever takes one while the job waits has it now.
  protected override hand(item: unknown): boolean {
    return super.hand(copyPayload(item, this.#what));
  }
}

/** One sender of the job's, and the way that its items go. */
class Pump {
  readonly channel: Channel<unknown>;
  readonly at: number;
  readonly title: string;
  readonly link: Link;
  /** Whether the job left its sender open: then the caller's stays open too. */
  leftOpen = false;

  constructor(at: number, title: string, link: Link) {
    this.channel = new Items(title);
    this.at = at;
    this.title = title;
    this.link = link;
  }

  jobEnded(): void {
    this.leftOpen = !this.channel.statistics.closed;
    this.channel.close();
  }
}

const pump = coroutine(function* pump(one: Pump): Awaitable<void> {
  const receiver = one.channel.receiver();
  try {
    for (;;) {
      const next = yield* receiver.receiveOrEnd();
      if (next.done) return one.leftOpen ? undefined : one.link.closed(one.at);
      const answer = one.link.send(one.at, next.value);
      const taken = yield* answer instanceof Promise ? shield(() => until(answer)) : answer;
      if (!taken) return;
    }
  } finally {
    receiver.close(); // the job's next `send` is a BrokenChannelError
  }
});
