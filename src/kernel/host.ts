/**
 * The port to whatever the loop lives in: a real event loop, or a virtual clock. Types only. A host knows
 * nothing of tasks; the loop knows nothing of timers, promises or platforms.
 */
export interface Host {
  /** Milliseconds of a clock that never goes back. */
  now(): number;
  /** Calls `callback` once, soon, never before returning. May be a microtask. */
  soon(callback: () => void): void;
  /** Calls `callback` once, after whatever else waits in the host has had its turn: a macrotask. */
  later(callback: () => void): void;
  /**
   * Calls `callback` at or after the time `at` (of `now()`); a new call replaces the last one, `Infinity`
   * takes it back. Being early is allowed: the loop looks at the clock and asks again.
   */
  wakeAt(at: number, callback: () => void): void;
  /**
   * Where the host can tell: calls `callback` when nothing is left that could call into the loop. Returns
   * a function that stops listening.
   */
  onExhausted?(callback: () => void): () => void;
}

/**
 * The port to the context that a platform keeps for asynchronous code, as `AsyncLocalStorage` does: what a
 * program has put there surrounds the tasks that it creates there.
 */
export interface HostContexts {
  /** Whether the program may have put something there; once it has, this stays true. Asked often. */
  readonly inUse: boolean;
  /** The one that holds nothing: of whatever was made before they were in use. `null` if nothing was. */
  readonly empty: HostContext | null;
  /** The context around the code that runs now; `null` if it holds nothing and they are not in use. */
  capture(): HostContext | null;
}

export interface HostContext {
  /** Gives a step inside it. */
  enter(runnable: { step(): boolean }): boolean;
}
