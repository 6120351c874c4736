/** A call on its way through the queue: one job there, whatever becomes of it, and everybody here who waits for it. */
import { CancelledError, moveOnAfter, until, type Awaitable, type TaskGroup } from "../../index.ts";
import { park, type ParkedWait } from "../../lowlevel.ts";
import type { Call } from "../call.ts";
import { errorAgain, type Envelope } from "../envelope.ts";
import { JobLostError, WorkerLostError } from "../errors.ts";
import type { Tell } from "../executor.ts";
import { pass } from "../senders.ts";
import { decode } from "./codec.ts";
import type { Entry } from "./entry.ts";
import type { Incarnation } from "./incarnation.ts";
import type { End } from "./results.ts";
import { CANCELLED, LOST, toldInReason, type Returned, type ToCaller, type ToWorker } from "./wire.ts";

/** What a flight needs of its engine. */
export interface Tower {
  readonly maxPayload: number;
  readonly where: string;
  /** Tells every worker to stop it, and takes it out of the queue if it is in no worker's hands. Whether it is over. */
  withdraw(job: Incarnation): Promise<boolean>;
  answer(worker: string, message: ToWorker): void;
  /** There is a worker of this name. */
  met(worker: string): void;
}

/** How often a worker is told again to stop, in milliseconds. */
const TELL_AGAIN = 1000;
/** How long it is told while Redis does not answer, away or hung, in milliseconds. */
const GIVE_UP = 10_000;

export class Flight {
  readonly entry: Entry<Flight>;
  readonly call: Call;
  readonly #tower: Tower;
  readonly #tell: Tell;
  readonly #group: TaskGroup | null;
  #result: Envelope | Error | undefined = undefined;
  /** Whether the job is over: if not, and there is a result, it is an error of this side. */
  #over = false;
  #cleanupFailed: unknown = undefined;
  #wait: ParkedWait<void> | null = null;
  /** How much of its progress was heard of. */
  #progress = 0;

  constructor(tower: Tower, entry: Entry<Flight>, call: Call, tell: Tell, group: TaskGroup | null) {
    this.#tower = tower;
    this.entry = entry;
    this.call = call;
    this.#tell = tell;
    this.#group = group;
    entry.flights.add(this);
  }

  /** Whether the job is over. */
  get over(): boolean {
    return this.#over;
  }

  /** Waits for its result. @throws what keeps it from having one */
  *result(): Awaitable<Envelope> {
    if (this.#result === undefined) yield* this.#change();
    if (this.#result instanceof Error) throw this.#result;
    return this.#result!;
  }

  #change(): Awaitable<void> {
    return park({ label: () => this.call.label, kind: "job", hostWork: true }, (wait) => {
      this.#wait = wait;
      return () => (this.#wait = null);
    });
  }

  /** Has it stopped, wherever it is, and waits until it has. Others that wait for the same job here keep it. */
  *stop(): Awaitable<void> {
    const { entry, call } = this;
    const tower = this.#tower;
    call.state = "cancelling";
    this.entry.flights.delete(this);
    if (entry.flights.size > 0) return;
    entry.flights.add(this); // its end is still to be heard of
    entry.stopping = true;
    let answeredAt = performance.now();
    const over = entry.sent.then(
      () => (entry.own ? tower.withdraw(entry) : true),
      () => true, // it was never in the queue
    );
    for (let asked: Promise<boolean> = over; ; asked = tower.withdraw(entry)) {
      const answer = asked.then(
        (isOver) => {
          answeredAt = performance.now();
          return isOver;
        },
        () => false,
      );
      const { value } = yield* moveOnAfter(TELL_AGAIN, () => until(answer));
      if (this.over || (value === true && !entry.own)) break;
      // Also of what is over: its end, with what its cleanup has told, is on its way.
      yield* moveOnAfter(TELL_AGAIN, () => this.#change());
      if (this.over || value === true) break;
      if (performance.now() - answeredAt < GIVE_UP) continue;
      process.emitWarning(
        `${call.title} was cancelled, and may still run: ${tower.where} has not answered for ${GIVE_UP / 1000} s.`,
        "CedeWarning",
      );
      break;
    }
    if (this.#cleanupFailed !== undefined) throw this.#cleanupFailed;
  }

  leave(): void {
    this.entry.flights.delete(this);
  }

  /** It has ended in the queue. */
  ended(end: End): void {
    if (this.#over) return;
    this.#over = true;
    try {
      this.#settle(this.#resultOf(end));
    } catch (error) {
      this.#settle(error as Error);
    }
  }

  /** It could not be sent. */
  unsent(error: Error): void {
    this.#over = true;
    this.#settle(error);
  }

  /** Something here failed: the job is to be stopped. */
  fail(error: Error): void {
    this.#settle(error);
  }

  #settle(result: Envelope | Error): void {
    this.#result ??= result;
    this.#wait?.complete();
  }

  #resultOf(end: End): Envelope | Error {
    const { title, state } = this.call;
    switch (end.how) {
      case "returned":
        return this.#returned(JSON.parse(end.text) as Returned);
      case "gone":
        return new JobLostError(
          `${title} was lost: ${this.#tower.where} does not know it any more. It was restarted without what it had, or ` +
            "somebody removed the job, or it ended while this program was held up, and so many jobs after it that its " +
            "outcome was not kept (keepCompleted); whether it ran is not known.",
          title,
        );
      case "removed":
        if (state === "cancelling") return { ok: "cancelled" };
        if (end.nonce !== undefined) return cancelledByOther(title);
        return new CancelledError(`Cannot wait for ${title} any longer: it was taken out of the queue.`);
      case "failed":
        break;
    }
    if (end.reason.startsWith(CANCELLED)) {
      const last = toldInReason(end.reason);
      if (last !== undefined) this.#progressed(last.progress, last.worker);
      if (state === "cancelling") return { ok: "cancelled" };
      return cancelledByOther(title);
    }
    const worker = this.call.worker ?? "a worker";
    const why = end.reason.startsWith(LOST) || /stalled more than/.test(end.reason);
    return new WorkerLostError(
      why
        ? `${title} was lost: each worker that began it ended before it did, ${worker} the last one. It is not tried again.`
        : `${title} was lost: the queue has it as failed (${end.reason}).`,
      title,
      worker,
    );
  }

  /** What a worker has given the queue for it. */
  #returned(returned: Returned): Envelope {
    const what = `what ${this.call.title} gave`;
    if (typeof returned?.worker !== "string")
      throw new TypeError(`Cannot read ${what}: another program wrote it.`);
    const envelope = decode(returned.e, what, 2 * this.#tower.maxPayload) as Envelope;
    const { worker, progress, cleanup } = returned;
    this.#tower.met(worker);
    if (this.call.state !== "cancelling" && this.call.worker === undefined) this.#started(worker);
    if (progress !== undefined) this.#progressed(progress, worker);
    if (this.call.state === "cancelling" && cleanup && envelope.ok === false) {
      this.#cleanupFailed = errorAgain(envelope.error, `${this.call.title} (${worker})`);
    }
    return envelope;
  }

  /** It runs there. One that is told to stop still is, whatever comes late. */
  #started(worker: string): void {
    const { state } = this.call;
    this.#tell.started(worker);
    if (state === "cancelling") this.call.state = state;
  }

  /** Its cleanup tells how far it has come, too. */
  #progressed({ number, value }: NonNullable<Returned["progress"]>, worker: string): void {
    if (number <= this.#progress) return;
    this.#progress = number;
    if (this.call.worker === undefined) this.#started(worker); // it was cancelled before that was heard
    this.#tell.progress(decode(value, `the progress of ${this.call.title}`, this.#tower.maxPayload));
  }

  heard(message: Exclude<ToCaller, { what: "late" }>): void {
    if (this.#result !== undefined) {
      if (message.what === "item") refuse(this.#tower, message);
      return;
    }
    const { entry } = this;
    switch (message.what) {
      case "started":
        if (message.attempt <= entry.attempt && this.call.worker !== undefined) return;
        entry.attempt = Math.max(entry.attempt, message.attempt);
        this.#progress = 0;
        this.#tower.met(message.worker);
        if (this.call.state === "cancelling" && this.call.worker !== undefined) return;
        // The worker of the first attempt was lost before it could say that it had begun.
        if (message.attempt > 1 && this.call.worker === undefined) this.#started("a worker that was lost");
        this.#started(message.worker);
        break;
      case "progress":
        if (message.attempt < entry.attempt || this.call.worker === undefined) return;
        this.#progressed(message, this.call.worker);
        break;
      case "item":
        this.#item(message);
    }
  }

  #item(message: Extract<ToCaller, { what: "item" }>): void {
    const { at, attempt, number } = message;
    const { items } = this.entry;
    const sender = this.call.senders.find((one) => one.at === at)?.sender;
    let last = items.get(at);
    if (last === undefined || last.attempt < attempt) {
      items.set(at, (last = { attempt, number: 0, taken: true }));
    }
    if (sender === undefined || attempt < last.attempt) return refuse(this.#tower, message);
    if (number <= last.number) {
      // It came before: the answer was lost, or is still to come.
      const taken = number < last.number ? true : last.taken;
      if (taken !== null) this.#answer(message, taken);
      return;
    }
    last.number = number;
    if (message.item === undefined) {
      sender.close();
      last.taken = true;
      return this.#answer(message, true);
    }
    last.taken = null;
    const item = decode(message.item, `an item of ${this.call.title}`, this.#tower.maxPayload);
    const answer = (taken: boolean): void => {
      last.taken = taken;
      this.#answer(message, taken);
    };
    this.#group!.createTask(() => pass(sender, item, answer), {
      name: `item of ${this.call.title}`,
      start: "always", // the job waits for the answer, also if it is cancelled by now
    });
  }

  #answer(item: Extract<ToCaller, { what: "item" }>, taken: boolean): void {
    const { job, nonce, attempt, at, number, from } = item;
    this.#tower.answer(from, { what: "taken", job, nonce, attempt, at, number, taken });
  }
}

/** Nobody takes it, nor will. */
export function refuse(
  tower: Pick<Tower, "answer">,
  { job, nonce, attempt, at, number, from }: Extract<ToCaller, { what: "item" }>,
): void {
  tower.answer(from, { what: "taken", job, nonce, attempt, at, number, taken: false });
}

function cancelledByOther(title: string): CancelledError {
  return new CancelledError(`Cannot wait for ${title} any longer: whoever called it first cancelled it.`);
}
