/**
 * The threads that have not loaded the module yet: when each may try, and what is said of those that cannot. A thread tries at
 * once, unless one has just failed: then all of them wait, longer after each failure, so that a module that cannot be loaded
 * costs next to nothing, and is loaded soon when its cause has gone.
 */
import type { Worker as Thread } from "node:worker_threads";
import { errorAgain } from "../envelope.ts";
import type { JobKind } from "../module.ts";
import type { Hello, Loaded, Order } from "./protocol.ts";

type Port = Hello["port"];
type Timer = ReturnType<typeof setTimeout>;

/** Hears what becomes of them. */
export interface Started {
  /** It takes jobs. */
  loaded(thread: Thread, port: Port, kinds: ReadonlyMap<string, JobKind>): void;
  /** A thread could not load the module, and has ended, or will now. */
  failed(error: Error): void;
}

export class Starting {
  readonly #file: string;
  readonly #started: Started;
  /** All that ever were, so that each is watched once. */
  readonly #known = new WeakSet<Thread>();
  readonly #threads = new Set<Thread>();
  /** Those that have not said their first word: what is called when they have, or have ended. */
  readonly #silent = new Map<Thread, () => void>();
  /** Those that are held back. */
  readonly #held = new Map<Thread, Port>();
  /** How long they are, after the last failure. */
  #pause = 0;
  #timer: Timer | undefined = undefined;
  #loadedOnce = false;
  #saidSlow = false;

  /** `file`: what the module is called in messages. */
  constructor(file: string, started: Started) {
    this.#file = file;
    this.#started = started;
  }

  /** A thread was started, or may have been. */
  add(thread: Thread): void {
    if (this.#known.has(thread)) return;
    this.#known.add(thread);
    this.#threads.add(thread);
    thread.ref(); // somebody may be waiting for it, and for nothing else
    let why: unknown;
    this.#silent.set(thread, () => {});
    thread.once("error", (error) => (why = error));
    thread.once("exit", (code) => {
      this.heard(thread);
      if (this.#remove(thread)) this.#failed(why ?? `the thread ended with exit code ${code}.`);
    });
  }

  /** It has said its first word, or will say none. */
  heard(thread: Thread): void {
    this.#silent.get(thread)?.();
    this.#silent.delete(thread);
  }

  /** Waits until none of them is still reading its own code: Node 22 aborts if a thread is ended in the midst of that. */
  async quiet(): Promise<void> {
    const words = [...this.#silent.keys()].map(
      (thread) =>
        new Promise<void>((resolve) => {
          this.#silent.set(thread, resolve);
        }),
    );
    await Promise.all(words);
  }

  /** It runs, and waits to be told to load the module. */
  hello(thread: Thread, port: Port): void {
    this.add(thread);
    this.heard(thread);
    if (this.#timer === undefined) this.#load(thread, port);
    else this.#held.set(thread, port);
  }

  /** None is held back any longer: what they are to stand in for is missing. */
  hurry(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#pause = 0;
    this.#release();
  }

  /** Nothing is heard of them any more. */
  close(): void {
    clearTimeout(this.#timer);
    this.#threads.clear();
    this.#held.clear();
  }

  #release(): void {
    const held = [...this.#held];
    this.#held.clear();
    for (const [thread, port] of held) this.#load(thread, port);
  }

  #load(thread: Thread, port: Port): void {
    const slow = setTimeout(() => this.#warnSlow(thread), SLOW_MS).unref();
    port.once("message", (loaded: Loaded) => {
      clearTimeout(slow);
      if (!this.#remove(thread)) return port.close();
      if ("jobs" in loaded) {
        this.#loadedOnce = true;
        this.hurry();
        thread.unref();
        return this.#started.loaded(thread, port, new Map(loaded.jobs));
      }
      port.close();
      void thread.terminate(); // so that the pool library replaces it
      this.#failed(errorAgain(loaded.error, `the thread that was to load ${this.#file}`));
    });
    port.unref();
    port.postMessage({ what: "load" } satisfies Order);
  }

  #remove(thread: Thread): boolean {
    this.#held.delete(thread);
    return this.#threads.delete(thread);
  }

  #failed(why: unknown): void {
    const said = `Cannot load the jobs of ${this.#file}: ${why instanceof Error ? why.message : String(why)}`;
    // Before the first has loaded it, whoever opens the executor is told.
    if (this.#pause === 0 && this.#loadedOnce) {
      process.emitWarning(`${said}\nThreads go on trying, with pauses of up to 10 s.`, "CedeWarning");
    }
    if (this.#timer === undefined) {
      this.#pause = Math.min(Math.max(2 * this.#pause, SHORTEST_MS), LONGEST_MS);
      this.#timer = setTimeout(() => {
        this.#timer = undefined;
        this.#release();
      }, this.#pause).unref();
    }
    this.#started.failed(typeof why === "string" ? new Error(said) : new Error(said, { cause: why }));
  }

  #warnSlow(thread: Thread): void {
    if (this.#saidSlow || !this.#threads.has(thread)) return;
    this.#saidSlow = true;
    process.emitWarning(
      `${this.#file} has not loaded for ${SLOW_MS / 1000} s, and its jobs wait for that. Is there a top-level \`await\` in it ` +
        "that does not settle? Or does it export something that is named `then`? `import` takes such a module for a promise: " +
        "name it otherwise.",
      "CedeWarning",
    );
  }
}

/** By the real clock, in milliseconds: the threads are real. */
const SHORTEST_MS = 100;
const LONGEST_MS = 10_000;
const SLOW_MS = 5000;
