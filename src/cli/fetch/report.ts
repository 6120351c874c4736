// What a run produces. The JSON form is a promise to scripts: fields may be added, none is renamed.

export interface Page {
  /** As it was given. */
  readonly url: string;
  /** Of the last answer; null when none came. */
  readonly status: number | null;
  /** From the first request to the last byte, retries and their delays included. */
  readonly ms: number;
  /** From the start of the run to the first request. */
  readonly startMs: number;
  /** Of the body as it was read: decoded, and up to the limit. */
  readonly bytes: number;
  /** Why the page failed, in words. */
  readonly error?: string;
  /** How often it was requested again, when it was. */
  readonly retries?: number;
  /** Where the body was saved, with `-o`. */
  readonly file?: string;
}

export interface Report {
  readonly runMs: number;
  /** What the pages took, added up: about the run time of requesting them one after another. */
  readonly cumulativeMs: number;
  readonly slowestMs: number;
  /** In the order in which they were done. */
  readonly pages: readonly Page[];
  /** Only after an interruption: the addresses that were not done. */
  readonly unfinished?: readonly string[];
}

/** A run under way: what is done, what is being waited for. */
export class Progress {
  readonly urls: readonly string[];
  readonly pages: Page[] = [];
  /** By their place in `urls`: since when. */
  readonly running: Map<number, number> = new Map();
  failed = 0;
  #origin: number;
  #now: () => number;
  #ended: number | undefined;
  #done: Set<number> = new Set();

  constructor(urls: readonly string[], now: () => number = () => performance.now()) {
    this.urls = urls;
    this.#now = now;
    this.#origin = now();
  }

  /** Milliseconds since the start of the run; stands still once it has ended. */
  get elapsedMs(): number {
    return this.#ended ?? this.#now() - this.#origin;
  }

  begin(index: number): number {
    const startMs = this.elapsedMs;
    this.running.set(index, startMs);
    return startMs;
  }

  finish(index: number, page: Page): void {
    this.running.delete(index);
    this.#done.add(index);
    this.pages.push(page);
    if (page.error !== undefined) this.failed++;
  }

  end(): void {
    this.#ended ??= this.#now() - this.#origin;
  }

  get complete(): boolean {
    return this.pages.length === this.urls.length;
  }

  report(): Report {
    const times = this.pages.map((page) => page.ms);
    const report: Report = {
      runMs: round(this.elapsedMs),
      cumulativeMs: round(times.reduce((sum, ms) => sum + ms, 0)),
      slowestMs: round(times.reduce((most, ms) => Math.max(most, ms), 0)),
      pages: this.pages,
    };
    if (this.complete) return report;
    return { ...report, unfinished: this.urls.filter((_url, index) => !this.#done.has(index)) };
  }
}

/** The first of the slowest. */
export function slowestOf(pages: readonly Page[]): Page | undefined {
  let slowest: Page | undefined;
  for (const page of pages) if (slowest === undefined || page.ms > slowest.ms) slowest = page;
  return slowest;
}

/** A tenth of a millisecond is what a request can be measured to; more digits would only be noise. */
export function round(ms: number): number {
  return Math.round(ms * 10) / 10;
}
