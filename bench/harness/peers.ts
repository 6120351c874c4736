/** Other systems, from where the comparison has them: `npm run comparison` installs them. They are left out otherwise. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import type { System } from "./workload.ts";

const modules = join(import.meta.dirname, "../../tests/comparison/node_modules");

type Peer = "effect" | "effection";

/** Those of the systems that are on this machine. */
export function present(systems: Partial<Record<Peer, System>>): Record<string, System> {
  return Object.fromEntries(Object.entries(systems).filter(([name]) => existsSync(join(modules, name))));
}

/** What `import * from` the package would give; as much of it as the caller describes. */
export async function peer<Module>(name: Peer): Promise<Module> {
  const entry = name === "effect" ? "effect/dist/index.js" : "effection/esm/mod.js";
  return (await import(pathToFileURL(join(modules, entry)).href)) as Module;
}

/** What is used of Effect. */
export interface EffectModule {
  readonly Effect: {
    runPromise<T>(effect: Of<T>): Promise<T>;
    gen<T>(body: () => Generator<unknown, T>): Of<T>;
    forEach<Item, T>(
      items: readonly Item[],
      body: (item: Item) => Of<T>,
      options: { readonly concurrency: number },
    ): Of<T[]>;
    readonly yieldNow: Of<void>;
    forkChild<T>(effect: Of<T>): Of<Of<T>>;
  };
  readonly Fiber: { join<T>(fiber: Of<T>): Of<T> };
  readonly Queue: {
    bounded<T>(capacity: number): Of<Queue<T>>;
    offer<T>(queue: Queue<T>, item: T): Of<boolean>;
    take<T>(queue: Queue<T>): Of<T>;
  };
}

/** What is used of Effection. */
export interface EffectionModule {
  run<T>(body: () => Generator<unknown, T>): Promise<T>;
  spawn<T>(body: () => Generator<unknown, T>): Of<Of<T>>;
  createQueue<T>(): { add(item: T): void; next(): Of<{ readonly value: T }> };
}

/** Awaited with `yield*`. */
interface Of<T> {
  [Symbol.iterator](): Iterator<unknown, T>;
}

interface Queue<T> {
  readonly of?: T;
}
