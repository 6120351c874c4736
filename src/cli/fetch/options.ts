import { numberIn } from "../numbers.ts";
import { printable } from "../render/text.ts";
import { UsageError } from "../usage-error.ts";

/** What commander hands over: everything is text, nothing is checked. */
export interface RawOptions {
  readonly from?: readonly string[];
  readonly concurrency?: string;
  readonly timeout?: string;
  readonly retries?: string;
  readonly maxBytes?: string;
  readonly sequential?: boolean;
  readonly compare?: boolean;
  readonly json?: boolean;
  readonly output?: string;
  readonly demo?: boolean;
}

export interface FetchOptions {
  readonly urls: readonly string[];
  readonly from: readonly string[];
  /** How many pages at once; Infinity when nothing was said. */
  readonly concurrency: number;
  /** Milliseconds for one attempt, from connecting to the last byte. */
  readonly timeoutMs: number;
  readonly retries: number;
  readonly maxBytes: number;
  readonly compare: boolean;
  readonly json: boolean;
  readonly output: string | undefined;
  readonly demo: boolean;
}

export const DEFAULTS = { timeoutMs: 30_000, retries: 0, maxBytes: 100_000_000 } as const;

export function parseOptions(urls: readonly string[], raw: RawOptions): FetchOptions {
  refuseTogether(
    raw.sequential,
    "--sequential",
    raw.concurrency,
    "--concurrency",
    "--sequential is one at a time.",
  );
  refuseTogether(
    raw.sequential,
    "--sequential",
    raw.compare,
    "--compare",
    "--compare runs the job both ways.",
  );
  refuseTogether(raw.demo, "--demo", urls.length > 0, "URLs", "--demo brings its own pages.");
  refuseTogether(raw.demo, "--demo", raw.from?.length, "--from", "--demo brings its own pages.");
  const timeoutMs = number(
    raw,
    "timeout",
    "--timeout",
    DEFAULTS.timeoutMs,
    0,
    "milliseconds, 0 for no limit",
  );
  return {
    urls,
    from: raw.from ?? [],
    concurrency: raw.sequential ? 1 : whole(raw, "concurrency", "--concurrency", Infinity, 1, "1 or more"),
    timeoutMs: timeoutMs === 0 ? Infinity : timeoutMs,
    retries: whole(raw, "retries", "--retries", DEFAULTS.retries, 0, "0 or more"),
    maxBytes: whole(raw, "maxBytes", "--max-bytes", DEFAULTS.maxBytes, 1, "bytes, 1 or more"),
    compare: raw.compare ?? false,
    json: raw.json ?? false,
    output: raw.output,
    demo: raw.demo ?? false,
  };
}

type NumberOption = "concurrency" | "timeout" | "retries" | "maxBytes";

const EXAMPLES: Record<NumberOption, number> = {
  concurrency: 8,
  timeout: 5000,
  retries: 2,
  maxBytes: 1_000_000,
};

/** What people write out of habit; the fix then names their number. */
const UNITS: Partial<Record<NumberOption, Record<string, number>>> = {
  timeout: { ms: 1, s: 1000, sec: 1000, m: 60_000, min: 60_000 },
  maxBytes: { b: 1, k: 1e3, kb: 1e3, m: 1e6, mb: 1e6, g: 1e9, gb: 1e9 },
};

function number(
  raw: RawOptions,
  key: NumberOption,
  flag: string,
  none: number,
  least: number,
  what: string,
): number {
  const text = raw[key];
  if (text === undefined) return none;
  const value = numberIn(text);
  if (value >= least && value < Infinity) return value;
  const [, digits, unit] = /^(\d+(?:\.\d+)?)\s*([a-z]+)$/i.exec(text) ?? [];
  const factor = UNITS[key]?.[unit?.toLowerCase() ?? ""];
  throw new UsageError(
    `Cannot use ${flag} "${printable(text)}": it takes a number (${what}).`,
    factor === undefined
      ? `Write for example ${flag} ${EXAMPLES[key]}.`
      : `Write the number alone: ${flag} ${Number(digits) * factor}.`,
  );
}

function whole(
  raw: RawOptions,
  key: NumberOption,
  flag: string,
  none: number,
  least: number,
  what: string,
): number {
  const value = number(raw, key, flag, none, least, what);
  if (value === none || Number.isSafeInteger(value)) return value;
  throw new UsageError(
    `Cannot use ${flag} "${raw[key]}": it takes a whole number (${what}).`,
    `Write for example ${flag} ${value > Number.MAX_SAFE_INTEGER ? EXAMPLES[key] : Math.max(least, Math.round(value))}.`,
  );
}

function refuseTogether(a: unknown, first: string, b: unknown, second: string, why: string): void {
  if (a && b)
    throw new UsageError(`Cannot combine ${first} with ${second}: ${why}`, "Leave one of them out.");
}
