/** What the pool and its workers tell each other. Jobs and their results go through the pool library; the rest goes here. */
import type { MessagePort } from "node:worker_threads";
import type { Report } from "../../lowlevel.ts";
import type { PlainError } from "../envelope.ts";
import type { JobKind } from "../module.ts";

/** What a worker is started with. */
export interface WorkerData {
  readonly cede: {
    /** The address of the module. */
    readonly url: string;
    /** A cell for each job that is on its way: see `cellOf`. */
    readonly cells: Int32Array;
  };
}

/** The cell of a run: each is used again by every run whose number has the same remainder. */
export function cellOf(run: number, cells: { readonly length: number }): number {
  return run % cells.length;
}

// What a cell says of its job.
/** It is on its way: it can still be taken back, or given to another worker. */
export const SENT = 0;
/** The worker has begun it. */
export const BEGUN = 1;
/** It is a function, which was called and has not returned: it keeps the thread for itself. */
export const HOLDS = 3;
/** It was taken back: whichever worker gets it leaves it alone. */
export const WITHDRAWN = 2;

/** A job, as it is sent to a worker. */
export interface JobMessage {
  /** Of this attempt alone: what is told of it is told by this number. */
  readonly run: number;
  readonly id: string;
  readonly name: string;
  readonly attempt: number;
  /** What the worker is called: "worker 2". */
  readonly worker: string;
  readonly args: readonly unknown[];
  /** Which of the arguments are senders. */
  readonly senders: readonly number[];
}

/** A worker's first word: it waits to be told to load the module. */
export interface Hello {
  readonly cede: "hello";
  readonly thread: number;
  readonly port: MessagePort;
}

/** Its second one, through that port: the jobs of the module; or why it could not load it. */
export type Loaded =
  | { readonly jobs: readonly (readonly [name: string, kind: JobKind])[] }
  | { readonly error: PlainError };

export function isHello(message: unknown): message is Hello {
  return typeof message === "object" && message !== null && (message as { cede?: unknown }).cede === "hello";
}

/** To a worker. */
export type Order =
  /** It may load the module now. */
  | { readonly what: "load" }
  /** The pool is closing: what was written is to come first. */
  | { readonly what: "flush" }
  | { readonly what: "cancel"; readonly run: number }
  /** An item was taken by the caller's channel, or never will be. */
  | { readonly what: "taken"; readonly run: number; readonly at: number; readonly taken: boolean }
  /** All that was told of the job was heard. */
  | { readonly what: "heard"; readonly run: number };

/** From a worker. */
export type News =
  /** All that it has written has been read. */
  | { readonly what: "flushed" }
  /** Something went wrong there that no caller can be told. */
  | { readonly what: "report"; readonly report: PlainReport }
  | JobNews;

export interface PlainReport extends Pick<Report, "kind" | "message" | "task"> {
  readonly error?: PlainError;
}

/** From a worker, of a job. */
export type JobNews =
  /** It is not blocked, and unwinds the job. */
  | { readonly what: "cancelling"; readonly run: number }
  | { readonly what: "progress"; readonly run: number; readonly value: unknown }
  /** The job sends an item: the next one comes once this was taken. */
  | { readonly what: "item"; readonly run: number; readonly at: number; readonly item: unknown }
  /** The job closed its sender. */
  | { readonly what: "closed"; readonly run: number; readonly at: number }
  /** It has ended, and its result comes once this was answered. */
  | { readonly what: "told"; readonly run: number };
