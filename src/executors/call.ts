/** One call of one job: what engines are given, what labels, statistics and observers tell of it. */
import type { Sender } from "../index.ts";
import type { JobObserver } from "../lowlevel.ts";
import type { JobOptions } from "./options.ts";
import { copyPayload } from "./payload.ts";
import type { Movable } from "./transfer.ts";

/** Where a call is: it waits for a place, it runs, or it is told to stop. */
export type CallState = "waiting" | "running" | "cancelling" | "ended";

/** An option of a call that runs a part of another executor's job: what the job is told of itself is that one's. */
export const AS: unique symbol = Symbol("as");
export interface As {
  readonly [AS]?: { readonly attempt: number; readonly worker: string } | undefined;
}

const NOTHING: readonly Movable[] = [];

export class Call {
  readonly id: string;
  /** The job's name. */
  readonly name: string;
  /** The arguments; a sender is where `senders` says, and the engine sees to it. */
  args: readonly unknown[];
  readonly senders: readonly { readonly at: number; readonly sender: Sender<unknown> }[];
  transfer: readonly Movable[];
  readonly priority: number;
  /** Of the calls that are one job on a cluster: its id there, if the caller gave one. */
  readonly key: string | undefined;
  /** How long it is to wait before it may begin, in milliseconds. */
  readonly delay: number;
  readonly onProgress: ((value: unknown) => void) | undefined;
  /** What the job is told of itself, where this call is a part of another. */
  readonly as: As[typeof AS];
  state: CallState = "waiting";
  /** Where it runs: "worker 2". */
  worker: string | undefined = undefined;
  /** What `onProgress` threw, if anything: the call ends with it. */
  failed: { readonly error: unknown } | null = null;
  /** How often it was begun. */
  attempt = 0;
  #keptArguments = false;
  /** When it began, by the clock of its loop. */
  startedAt = 0;
  /** Of the task that waits for it. */
  readonly observer: JobObserver;

  constructor(
    id: string,
    name: string,
    args: readonly unknown[],
    senders: Call["senders"],
    key: string | undefined,
    options: JobOptions & As,
    observer: JobObserver,
  ) {
    const { transfer = NOTHING, priority = 0, delay = 0, onProgress } = options;
    this.id = id;
    this.name = name;
    this.args = args;
    this.senders = senders;
    this.key = key;
    this.transfer = transfer;
    this.priority = priority;
    this.delay = delay;
    this.onProgress = onProgress;
    this.as = options[AS];
    this.observer = observer;
  }

  /** It waits before it is sent: the arguments stay as they are now, whatever becomes of them at the caller's. */
  keepArguments(): void {
    if (this.#keptArguments) return;
    this.#keptArguments = true;
    const { args, transfer } = this;
    const kept = copyPayload({ args, transfer }, `the arguments of ${this.title}`, transfer);
    this.args = kept.args;
    this.transfer = kept.transfer;
  }

  /** The sender among the arguments at this index. */
  senderAt(at: number): Sender<unknown> {
    return this.senders.find((one) => one.at === at)!.sender;
  }

  /** For messages: "job resize". */
  get title(): string {
    return `job ${this.name}`;
  }

  /** What its task waits for, in words: "job resize, worker 2, 1.2 s". */
  get label(): string {
    if (this.worker === undefined) return `a worker for ${this.title}`;
    const seconds = ((this.observer.now() - this.startedAt) / 1000).toFixed(1);
    return `${this.title}, ${this.state === "cancelling" ? "told to stop, " : ""}${this.worker}, ${seconds} s`;
  }

  /** It begins, perhaps anew. */
  begin(worker: string): void {
    this.attempt++;
    this.worker = worker;
    this.startedAt = this.observer.now();
    this.state = "running";
  }

  /** Its worker is gone, and had not begun it: it waits anew. */
  notBegun(): void {
    this.attempt--;
    this.worker = undefined;
    this.state = "waiting";
  }
}
