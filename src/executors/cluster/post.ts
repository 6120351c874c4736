/**
 * How what a job sends comes to its caller's channel, over Redis's channels, which lose what is sent while somebody is away:
 * each item has a number, and is sent again until the caller has answered that number. The caller takes each number once.
 */
import type { Link } from "../sending.ts";
import { encode } from "./codec.ts";
import { within } from "../within.ts";
import type { Attempt, ToCaller, ToWorker } from "./wire.ts";

type Item = Extract<ToCaller, { what: "item" }>;

/** How often an item is sent again, in milliseconds: its answer may wait for the caller's channel, as long as that likes. */
const AGAIN = 500;
/** How long the caller may be away, in milliseconds: then nobody takes anything any more. */
const AWAY = 30_000;
/** How long the end of a job waits for the caller to hear what it has closed, in milliseconds. */
const FLUSH = 5000;

export class Post implements Link {
  readonly #me: string;
  readonly #head: Attempt;
  /** For messages: "job resize". */
  readonly #title: string;
  readonly #maxPayload: number;
  /** How many heard it. */
  readonly #publish: (message: ToCaller) => Promise<number>;
  readonly #numbers = new Map<number, number>();
  /** By the number of the argument: what its answer ends. */
  readonly #waiting = new Map<number, { readonly number: number; readonly end: (taken: boolean) => void }>();
  readonly #closings: Promise<boolean>[] = [];
  #closed = false;

  constructor(
    me: string,
    head: Attempt,
    { title, maxPayload }: { readonly title: string; readonly maxPayload: number },
    publish: (message: ToCaller) => Promise<number>,
  ) {
    this.#me = me;
    this.#head = head;
    this.#title = title;
    this.#maxPayload = maxPayload;
    this.#publish = publish;
  }

  send(at: number, item: unknown, answer: (taken: boolean) => void): Promise<void> {
    return this.#send(at, { item: encode(item, `what ${this.#title} sends`, this.#maxPayload) }).then(answer);
  }

  closed(at: number): void {
    this.#closings.push(this.#send(at, {}));
  }

  /** Waits until the caller has heard what was closed, while it may be there. */
  async flush(): Promise<void> {
    if (this.#closings.length === 0 || this.#closed) return;
    await within(FLUSH, Promise.all(this.#closings));
  }

  taken({ nonce, attempt, at, number, taken }: Extract<ToWorker, { what: "taken" }>): void {
    if (nonce !== this.#head.nonce || attempt !== this.#head.attempt) return;
    const waiting = this.#waiting.get(at);
    if (waiting?.number === number) waiting.end(taken);
  }

  /** The job has ended: nothing is sent any more. */
  close(): void {
    this.#closed = true;
    for (const { end } of this.#waiting.values()) end(false);
  }

  async #send(at: number, what: Pick<Item, "item">): Promise<boolean> {
    if (this.#closed) return false;
    const number = (this.#numbers.get(at) ?? 0) + 1;
    this.#numbers.set(at, number);
    const message: Item = { ...this.#head, ...what, what: "item", at, number, from: this.#me };
    let heardAt = Date.now();
    return new Promise((resolve) => {
      let timer: ReturnType<typeof setTimeout> | undefined;
      const end = (taken: boolean): void => {
        clearTimeout(timer);
        this.#waiting.delete(at);
        resolve(taken);
      };
      const again = async (): Promise<void> => {
        timer = setTimeout(() => void again(), AGAIN);
        try {
          if ((await this.#publish(message)) > 0) heardAt = Date.now();
        } catch {
          // Redis is away
        }
        if (Date.now() - heardAt > AWAY) end(false);
      };
      this.#waiting.set(at, { number, end });
      void again();
    });
  }
}
