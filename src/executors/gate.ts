/** Who waits for a worker: the higher priority first, among equals whoever came first. */
import type { Awaitable } from "../index.ts";
import { park, type ParkedWait } from "../lowlevel.ts";
import { ExecutorFullError } from "./errors.ts";

/** Gives places to those who wait: `take` answers with a free one, if there is any. */
export class Gate<Place> {
  /** Those that somebody waits in, by rising priority: the last one comes first. */
  readonly #levels: Level<Place>[] = [];
  readonly #byPriority = new Map<number, Level<Place>>();
  readonly #take: () => Place | undefined;
  readonly #giveBack: (place: Place) => void;
  readonly #maxWaiting: number;
  readonly #hostWork: boolean;
  #waiting = 0;

  /** `hostWork`: whether places come from outside the loop, so that virtual time stands still for who waits. */
  constructor(
    take: () => Place | undefined,
    giveBack: (place: Place) => void,
    maxWaiting: number,
    hostWork = false,
  ) {
    this.#take = take;
    this.#giveBack = giveBack;
    this.#maxWaiting = maxWaiting;
    this.#hostWork = hostWork;
  }

  /** How many wait. */
  get waiting(): number {
    return this.#waiting;
  }

  /** Waits for a place. `waits` hears if there is none at once. @throws ExecutorFullError if too many wait; what `waits` throws */
  enter(label: string | (() => string), priority: number, waits?: () => void): Awaitable<Place> {
    return park<Place>({ label, hostWork: this.#hostWork }, (wait) => {
      const place = this.#waiting === 0 ? this.#take() : undefined;
      if (place !== undefined) return void wait.complete(place);
      if (this.#waiting >= this.#maxWaiting) {
        const job = typeof label === "string" ? label : label();
        throw new ExecutorFullError(
          `Cannot wait for ${job}: ${this.#waiting} calls wait already, and no more may (maxWaiting). Try again later, ` +
            "or start fewer at once.",
        );
      }
      waits?.();
      const level = this.#level(priority);
      level.waits.add(wait);
      this.#waiting++;
      return () => this.#remove(level, wait);
    });
  }

  /** A place may be free: gives out as many as there are. */
  open(): void {
    while (this.#waiting > 0) {
      const place = this.#take();
      if (place === undefined) return;
      if (!this.#give(place)) return this.#giveBack(place); // whoever waited is being cancelled
    }
  }

  /** Ends every wait with an error. */
  close(error: Error): void {
    const levels = this.#levels.splice(0);
    this.#byPriority.clear();
    this.#waiting = 0;
    for (const { waits } of levels) {
      for (const wait of waits) wait.fail(error);
      waits.clear();
    }
  }

  #give(place: Place): boolean {
    for (let level = this.#levels.at(-1); level !== undefined; level = this.#levels.at(-1)) {
      for (const wait of level.waits) {
        this.#remove(level, wait);
        if (wait.complete(place)) return true;
      }
    }
    return false;
  }

  #remove(level: Level<Place>, wait: ParkedWait<Place>): void {
    if (!level.waits.delete(wait)) return;
    this.#waiting--;
    if (level.waits.size > 0) return;
    this.#levels.splice(this.#placeOf(level.priority), 1);
    this.#byPriority.delete(level.priority);
  }

  #level(priority: number): Level<Place> {
    let level = this.#byPriority.get(priority);
    if (level === undefined) {
      level = { priority, waits: new Set() };
      this.#byPriority.set(priority, level);
      this.#levels.splice(this.#placeOf(priority), 0, level);
    }
    return level;
  }

  /** Where the level of that priority is among all, or would be. */
  #placeOf(priority: number): number {
    let [low, high] = [0, this.#levels.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#levels[middle]!.priority < priority) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

interface Level<Place> {
  readonly priority: number;
  readonly waits: Set<ParkedWait<Place>>;
}
