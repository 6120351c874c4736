/**
 * How a frame is left. Its generator has ended in one of three ways; then its exits run, the last one added
 * first, and may change the outcome: a scope turns its own expiry into an error, a group adds its
 * children's failures, `defer` may fail. One error is the primary one, the first; later ones are kept
 * beside it.
 */
import type { Awaitable } from "./awaitable.ts";
import { CancellationEscapedError, suppress, textOf } from "./errors.ts";
import type { Report } from "./monitor.ts";

export const RETURNED = 3;
export const THREW = 4;
/** It was cancelled. The value is the error that is on its way, or `NONE`. */
export const UNWOUND = 5;

/** No error. An error may be `undefined`: anything can be thrown. */
export const NONE: unique symbol = Symbol("no error") as never;

/** A frame that is being left, as its exits see it. */
export interface Leaving {
  state: number;
  /** The result, the error, or the error on its way. */
  value: unknown;
}

export interface Exit {
  /** The one added before. Written by whoever adds it. */
  nextExit: Exit | null;
  /** What it returns is awaited as cleanup: nothing cancels it. */
  leave(frame: Leaving): Awaitable<unknown> | undefined;
}

/** Whether `exit` is one of those from `exits` on. */
export function isAmong(exits: Exit | null, exit: Exit): boolean {
  for (let at = exits; at !== null; at = at.nextExit) if (at === exit) return true;
  return false;
}

interface Reporter {
  /** `root`: see `LoopPort`. */
  report(report: Report, root?: object | null): void;
}

/** The error that a frame ends with, or `NONE`. */
export function errorOf({ state, value }: Leaving): unknown {
  return state === THREW || state === UNWOUND ? value : NONE;
}

/** Adds an error that came after whatever the frame's outcome holds. */
export function failWith(frame: Leaving, error: unknown, loop: Reporter): void {
  if (error === NONE) return;
  if (errorOf(frame) !== NONE) {
    frame.value = primaryOf(frame.value, error, loop);
  } else {
    if (frame.state === RETURNED) frame.state = THREW;
    frame.value = error;
  }
}

/** Adds an error that came before whatever error the frame's outcome holds. */
export function failWithFirst(frame: Leaving, error: unknown, loop: Reporter): void {
  if (error === NONE) return;
  const later = errorOf(frame);
  if (frame.state === RETURNED) frame.state = THREW;
  frame.value = later === NONE ? error : primaryOf(error, later, loop);
}

/** Ends an unwinding at this frame: its caller is resumed with the error, if there is one, or with `value`. */
export function stopUnwinding(frame: Leaving, value: unknown): void {
  if (frame.value === NONE) {
    frame.state = RETURNED;
    frame.value = value;
  } else {
    frame.state = THREW;
  }
}

/** Of two errors the first is the primary one, unless the later one is an escape: that outranks every other. */
export function primaryOf(first: unknown, later: unknown, loop: Reporter, root?: object): unknown {
  const swap = later instanceof CancellationEscapedError && !(first instanceof CancellationEscapedError);
  const primary = swap ? later : first;
  giveWay(primary, swap ? first : later, loop, root);
  return primary;
}

/** An error gives way to an earlier one: it is kept beside it, and observers hear of it. */
export function giveWay(primary: unknown, later: unknown, loop: Reporter, root?: object): void {
  if (primary === later) return;
  const kept = suppress(primary, later);
  // What is kept nowhere is told to nobody else.
  const kind = kept ? "suppressed-error" : "late-error";
  const message = `An error gave way to an earlier one${kept ? "" : `, ${textOf(primary)}`}: ${textOf(later)}`;
  loop.report({ kind, message, task: undefined, error: later }, root);
}
