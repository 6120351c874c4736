/** Connections to Redis: made from an address or from a client of the program's, and never the program's own. */
import type { Redis, RedisOptions } from "ioredis";
import { forTimer, type RedisClient } from "./options.ts";
import { loadRedis } from "./peers.ts";

/** How often it is tried again when the connection is lost: soon, and then once a second. */
const RETRY: RedisOptions = {
  disconnectTimeout: 100, // how long a connection that was never made keeps the process once it is given up
  maxRetriesPerRequest: null, // what was asked waits until Redis is there again
  enableReadyCheck: true,
  enableOfflineQueue: true, // also where a client was given that refuses what it cannot send at once
  retryStrategy: (times) => Math.min(50 * 2 ** Math.min(times, 10), 1000),
};

/** An address without what may be a password: for messages. */
export function shown(address: string): string {
  const { scheme, rest } = /^(?<scheme>[a-z][a-z\d+.-]*:)?(?<rest>[^]*)$/i.exec(address)!.groups!;
  if (/[?#][^]*@/.test(rest!)) return `${scheme ?? ""}//…`; // part of a password may stand on either side
  return (scheme ?? "") + rest!.replace(/[?#][^]*$/, "").replace(/^(\/*)[^]*@/, "$1");
}

/** Whether it is one that ioredis can read: what it throws of another one shows the password. */
export function isAddress(text: string): boolean {
  if (!/^rediss?:\/\//.test(text)) return false;
  try {
    const { username, password } = new URL(text);
    for (const part of [username, password]) decodeURIComponent(part);
    return true;
  } catch {
    return false;
  }
}

/** Whether it is one of ioredis: other packages' clients can be duplicated, too. */
function isClient(source: unknown): boolean {
  const { duplicate, defineCommand } = (source ?? {}) as { duplicate?: unknown; defineCommand?: unknown };
  return typeof duplicate === "function" && typeof defineCommand === "function";
}

function inWords(source: unknown): string {
  if (typeof source === "string") return `"${shown(source)}"`;
  return typeof source === "object" && source !== null ? "an object that is no client of it" : String(source);
}

/** What Redis says of who may not use it. */
const REFUSED = /^(?:NOAUTH|WRONGPASS|NOPERM|ERR (?:invalid password|AUTH))/i;

/** Makes connections, and closes them all. */
export class Connections {
  readonly #source: string | RedisClient;
  readonly #open: Redis[] = [];
  #problem: unknown = undefined;
  #closed = false;
  /** How many need an answer: at first whoever makes them, and for good unless it lets go. */
  #holders = 1;

  /** @throws TypeError */
  constructor(source: string | RedisClient) {
    const ok = typeof source === "string" ? isAddress(source) : isClient(source);
    if (!ok) {
      throw new TypeError(
        `Cannot reach Redis by ${inWords(source)}: give its address, ` +
          '"redis://localhost:6379" (a password in it as encodeURIComponent writes it), or a client of the package ioredis.',
      );
    }
    this.#source = source;
  }

  /** In words, for messages: without a password. */
  get where(): string {
    if (typeof this.#source !== "string") return "the Redis of the client that was given";
    return `Redis at ${shown(this.#source)}`;
  }

  /** @throws Error if they were closed: whoever opened them was cancelled meanwhile */
  async make(options: RedisOptions = {}): Promise<Redis> {
    const all: RedisOptions = { ...RETRY, lazyConnect: false, ...options };
    const source = this.#source;
    const make =
      typeof source === "string"
        ? (
            (Redis) => () =>
              new Redis(source, all as RedisOptions & { replyMapping?: never })
          )(await loadRedis())
        : () => source.duplicate(all) as Redis;
    this.checkOpen();
    const redis = make();
    redis.setMaxListeners(0);
    redis.on("error", (error: Error & { command?: unknown }) => {
      delete error.command; // HELLO or AUTH, with the password: whoever waits for an answer is given this error
      this.#problem = error;
    });
    redis.on("connect", () => this.#keep(redis)); // also when it comes back
    this.#open.push(redis);
    return redis;
  }

  /** @throws Error if they were closed */
  checkOpen(): void {
    if (this.#closed) throw new Error(`Cannot connect to ${this.where}: it is not wanted any more.`);
  }

  /** Somebody needs an answer: as long as anybody does, they keep the process. */
  hold(): void {
    if (++this.#holders === 1) for (const redis of this.#open) this.#keep(redis);
  }

  /** If that was the last one, they keep it no longer: a program whose tasks all wait for each other is to be told so. */
  letGo(): void {
    if (--this.#holders === 0) for (const redis of this.#open) this.#keep(redis);
  }

  /** Those of a client of a Redis Cluster have no stream of their own, and always keep it. */
  #keep(redis: Redis): void {
    const stream = redis.stream as Partial<Redis["stream"]> | undefined;
    if (this.#holders > 0) stream?.ref?.();
    else stream?.unref?.();
  }

  /** What is done with them. It fails nobody once they were closed: whoever waited for it has gone. */
  async whileOpen<T>(promise: Promise<T>): Promise<T> {
    try {
      return await promise;
    } catch (error) {
      if (this.#closed) return undefined as never;
      throw error;
    }
  }

  /** Waits until Redis answers. @throws Error after `ms` milliseconds, or when it refuses */
  async answered(redis: Redis, ms: number): Promise<void> {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => {
        const why = this.#problem instanceof Error ? ` (${this.#problem.message})` : "";
        const error = new Error(
          `Cannot reach ${this.where}: there was no answer within ${ms} ms${why}. Is it running, and the address right?`,
          { cause: this.#problem },
        );
        reject(error);
      }, forTimer(ms));
    });
    const answer = redis.ping().catch((cause: Error) => {
      const hint = REFUSED.test(cause.message) ? " Is the password right?" : "";
      throw new Error(`Cannot reach ${this.where}: it refuses (${cause.message}).${hint}`, { cause });
    });
    try {
      await Promise.race([answer, late]);
    } finally {
      clearTimeout(timer);
    }
  }

  close(): void {
    this.#closed = true;
    for (const redis of this.#open.splice(0)) redis.disconnect(false);
  }
}
