import type { Awaitable } from "../kernel/awaitable.ts";
import { openSource, type Source } from "./source.ts";
import type { Opening, Stage } from "./stage.ts";

/** One item of each source at a time, until one of them has no more. */
export class Zipping<T> implements Stage<T[]> {
  value!: T[];
  readonly #stages: readonly Stage<T>[];
  /** What was brought so far. Kept where a wait is cancelled. */
  #items: T[] = [];

  constructor(sources: readonly Source<T>[], opening: Opening) {
    this.#stages = sources.map((source) => openSource(source, opening));
  }

  *pull(): Awaitable<boolean> {
    if (this.#stages.length === 0) return false;
    while (this.#items.length < this.#stages.length) {
      const stage = this.#stages[this.#items.length]!;
      let found = stage.pull();
      if (typeof found !== "boolean") found = yield* found;
      if (!found) return false;
      this.#items.push(stage.value);
    }
    this.value = this.#items;
    this.#items = [];
    return true;
  }
}
