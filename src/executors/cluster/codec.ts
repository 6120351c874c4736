/**
 * How arguments and results stand in Redis: as JSON, with a tag for whatever JSON has no word for. What comes out of it is
 * what `structuredClone` would make, so that a job is given the same on every executor. What was written by others is read
 * with limits, and nothing that it says can be more than data: own keys only, no prototypes, no functions.
 */
import { PayloadError } from "../errors.ts";
import { DEEPEST, isProxy } from "../payload.ts";

/** How much one message may hold, about, in bytes. */
export const LARGEST = 1_000_000;

/** What JSON can say. */
export type Plain = null | boolean | number | string | Plain[] | { [key: string]: Plain };

// A tag is an object with this key alone. An object of the user that has the key is written as a list of its entries.
const TAG = "$";

/** @throws PayloadError for what is too large, too deep, or no plain data; `what`: "the arguments of job resize" */
export function encode(value: unknown, what: string, limit: number = LARGEST): Plain {
  try {
    return new Encoder(what, limit).write(value, 0);
  } catch (error) {
    if (error instanceof PayloadError) throw error;
    // A getter that throws, a buffer that was moved away.
    throw new PayloadError(`Cannot send ${what}: ${String((error as Error | null)?.message ?? error)}`, {
      cause: error,
    });
  }
}

/** @throws PayloadError for what `encode` has not written */
export function decode(plain: unknown, what: string, limit: number = LARGEST): unknown {
  return new Decoder(what, limit).read(plain, 0);
}

class Encoder {
  readonly #what: string;
  readonly #limit: number;
  #size = 0;
  /** Each object by its number: one that comes again is written as that number, so circles end. */
  readonly #seen = new Map<object, number>();

  constructor(what: string, limit: number) {
    this.#what = what;
    this.#limit = limit;
  }

  write(value: unknown, depth: number): Plain {
    switch (typeof value) {
      case "string":
        this.#count(value.length + 2);
        return value;
      case "boolean":
        this.#count(5);
        return value;
      case "number":
        this.#count(8);
        return Number.isFinite(value) && !Object.is(value, -0)
          ? value
          : { [TAG]: "n", v: Object.is(value, -0) ? "-0" : String(value) };
      case "undefined":
        this.#count(8);
        return { [TAG]: "u" };
      case "bigint": {
        const text = value.toString(16);
        this.#count(text.length + 16);
        return { [TAG]: "b", v: text };
      }
      case "object":
        if (value !== null) return this.#object(value, depth);
        this.#count(4);
        return null;
      default:
        return this.#refuse(typeof value === "symbol" ? "a symbol" : "a function");
    }
  }

  #object(value: object, depth: number): Plain {
    const before = this.#seen.get(value);
    this.#count(4);
    if (before !== undefined) return { [TAG]: "r", v: before };
    if (depth > DEEPEST) {
      throw new PayloadError(
        `Cannot send ${this.#what}: it is nested more than ${DEEPEST} deep. Send a flatter form of it.`,
      );
    }
    if (isProxy(value)) return this.#refuse("a Proxy");
    this.#seen.set(value, this.#seen.size);
    if (Array.isArray(value)) return this.#array(value, depth);
    if (ArrayBuffer.isView(value)) return this.#view(value);
    switch (Object.prototype.toString.call(value)) {
      case "[object Date]":
        return { [TAG]: "d", v: this.write((value as Date).getTime(), depth) };
      case "[object RegExp]":
        return this.#texts("x", (value as RegExp).source, (value as RegExp).flags);
      case "[object Boolean]":
      case "[object Number]":
      case "[object String]":
        return { [TAG]: "w", v: this.write((value as { valueOf(): unknown }).valueOf(), depth) };
      case "[object BigInt]":
        return this.#refuse("a BigInt object");
      case "[object ArrayBuffer]":
        return { [TAG]: "a", v: this.#bytes(new Uint8Array(value as ArrayBuffer)) };
      case "[object Map]":
        return {
          [TAG]: "m",
          v: [...(value as Map<unknown, unknown>)].map(([key, one]) => [
            this.write(key, depth + 1),
            this.write(one, depth + 1),
          ]),
        };
      case "[object Set]":
        return { [TAG]: "s", v: [...(value as Set<unknown>)].map((one) => this.write(one, depth + 1)) };
      case "[object Error]":
        return this.#error(value as Error, depth);
      case "[object Object]":
        return this.#entries(value as Record<string, unknown>, depth);
      default:
        return this.#refuse(`a ${Object.prototype.toString.call(value).slice(8, -1)}`);
    }
  }

  #array(value: readonly unknown[], depth: number): Plain {
    this.#count(2 * value.length); // before it is gone through: it may be a hole of a thousand million
    const list: Plain[] = [];
    for (let i = 0; i < value.length; i++) {
      list.push(i in value ? this.write(value[i], depth + 1) : { [TAG]: "h" });
    }
    return list;
  }

  #entries(value: Record<string, unknown>, depth: number): Plain {
    const keys = Object.keys(value);
    const tagged = keys.includes(TAG) || keys.includes("__proto__");
    const list: Plain[] = [];
    const plain: Record<string, Plain> = {};
    for (const key of keys) {
      this.#count(key.length + 4);
      const one = this.write(value[key], depth + 1);
      if (tagged) list.push([key, one]);
      else plain[key] = one;
    }
    return tagged ? { [TAG]: "o", v: list } : plain;
  }

  #view(value: ArrayBufferView): Plain {
    const kind = Object.prototype.toString.call(value).slice(8, -1);
    if (!VIEWS.has(kind)) return this.#refuse(`a ${kind}`);
    const bytes = new Uint8Array(value.buffer, value.byteOffset, value.byteLength);
    return { [TAG]: "t", k: kind, v: this.#bytes(bytes) };
  }

  #bytes(bytes: Uint8Array): string {
    this.#count(Math.ceil(bytes.length / 3) * 4);
    return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString("base64");
  }

  #error(error: Error, depth: number): Plain {
    const { name, message, stack, cause } = error;
    this.#count(String(name).length + String(message).length + String(stack).length);
    return {
      [TAG]: "e",
      n: String(name),
      m: String(message),
      ...(typeof stack === "string" && { s: stack }),
      ...(cause !== undefined && { c: this.write(cause, depth + 1) }),
    };
  }

  #texts(tag: string, v: string, f: string): Plain {
    this.#count(v.length + f.length + 8);
    return { [TAG]: tag, v, f };
  }

  #count(bytes: number): void {
    this.#size += bytes;
    if (this.#size <= this.#limit) return;
    throw new PayloadError(
      `Cannot send ${this.#what}: it is larger than ${this.#limit} bytes (maxPayload). Put what is large where the workers ` +
        "can read it, a file store, say, and send its name.",
    );
  }

  #refuse(kind: string): never {
    throw new PayloadError(
      `Cannot send ${this.#what}: it has ${kind} in it, which cannot go to another machine. Send plain data: numbers, texts, ` +
        "dates, bytes, and arrays, maps, sets and objects of them.",
    );
  }
}

class Decoder {
  readonly #what: string;
  readonly #limit: number;
  #size = 0;
  readonly #seen: object[] = [];

  constructor(what: string, limit: number) {
    this.#what = what;
    this.#limit = limit;
  }

  read(plain: unknown, depth: number): unknown {
    if (typeof plain === "string") return (this.#count(plain.length), plain);
    if (typeof plain !== "object" || plain === null) return (this.#count(4), plain);
    this.#count(4);
    if (depth > DEEPEST) this.#refuse("it is nested too deep");
    if (Array.isArray(plain)) return this.#array(plain, depth);
    if (Object.hasOwn(plain, TAG)) return this.#tagged(plain as { [TAG]: unknown; v?: unknown }, depth);
    const object = this.#seeing({});
    for (const key of Object.keys(plain)) {
      this.#count(key.length);
      put(object, key, this.read((plain as Record<string, unknown>)[key], depth + 1));
    }
    return object;
  }

  #array(plain: readonly unknown[], depth: number): unknown[] {
    const list = this.#seeing<unknown[]>([]);
    list.length = plain.length;
    for (let i = 0; i < plain.length; i++) {
      const one = plain[i];
      if (!isHole(one)) list[i] = this.read(one, depth + 1);
    }
    return list;
  }

  #tagged(plain: { readonly [TAG]: unknown; v?: unknown }, depth: number): unknown {
    const { v } = plain;
    switch (plain[TAG]) {
      case "u":
        return undefined;
      case "n":
        if (v === "-0") return -0;
        if (v === "NaN" || v === "Infinity" || v === "-Infinity") return Number(v);
        break;
      case "b":
        if (typeof v !== "string" || !/^-?[0-9a-f]+$/.test(v)) break;
        this.#count(v.length);
        return v.startsWith("-") ? -BigInt(`0x${v.slice(1)}`) : BigInt(`0x${v}`);
      case "r":
        if (typeof v === "number" && this.#seen[v] !== undefined) return this.#seen[v];
        break;
      case "d": {
        const date = this.#seeing(new Date(NaN));
        const time = this.read(v, depth + 1);
        if (typeof time !== "number") break;
        date.setTime(time);
        return date;
      }
      case "x":
        return this.#regExp(v, (plain as { f?: unknown }).f);
      case "w": {
        const inside = this.read(v, depth + 1);
        if (!["boolean", "string", "number"].includes(typeof inside)) break;
        return this.#seeing(Object(inside) as object);
      }
      case "a":
        return this.#seeing(this.#bytes(v));
      case "t":
        return this.#view((plain as { k?: unknown }).k, v);
      case "m":
        return this.#map(v, depth);
      case "s": {
        if (!Array.isArray(v)) break;
        const set = this.#seeing(new Set<unknown>());
        for (const one of v) set.add(this.read(one, depth + 1));
        return set;
      }
      case "o": {
        const object = this.#seeing({});
        for (const [key, one] of this.#pairs(v)) {
          if (typeof key !== "string") this.#refuse("a key of it is no text");
          this.#count(key.length);
          put(object, key, this.read(one, depth + 1));
        }
        return object;
      }
      case "e":
        return this.#error(plain, depth);
    }
    return this.#refuse("it is not in the form that this library writes");
  }

  #map(v: unknown, depth: number): Map<unknown, unknown> {
    const map = this.#seeing(new Map<unknown, unknown>());
    for (const [key, one] of this.#pairs(v)) map.set(this.read(key, depth + 1), this.read(one, depth + 1));
    return map;
  }

  #regExp(source: unknown, flags: unknown): RegExp {
    try {
      if (typeof source === "string" && typeof flags === "string") {
        this.#count(source.length);
        return this.#seeing(new RegExp(source, flags));
      }
    } catch {
      // refused below
    }
    return this.#refuse("it has a regular expression that is none");
  }

  #view(kind: unknown, v: unknown): object {
    const View = typeof kind === "string" ? VIEWS.get(kind) : undefined;
    if (View === undefined) this.#refuse("it has bytes of a kind that there is none of");
    const bytes = this.#bytes(v);
    try {
      return this.#seeing(new View(bytes));
    } catch {
      return this.#refuse("it has bytes of the wrong number");
    }
  }

  #bytes(v: unknown): ArrayBuffer {
    if (typeof v !== "string") this.#refuse("its bytes are no text");
    this.#count(v.length);
    const bytes = Buffer.from(v, "base64");
    const own = new ArrayBuffer(bytes.length); // a small Buffer is a part of a larger one, with bytes of others
    new Uint8Array(own).set(bytes);
    return own;
  }

  #error(plain: object, depth: number): Error {
    const { n: name, m: message, s: stack, c: cause } = plain as Readonly<Record<string, unknown>>;
    if (typeof name !== "string" || typeof message !== "string") this.#refuse("it has an error that is none");
    this.#count(name.length + message.length + (typeof stack === "string" ? stack.length : 0));
    const error = this.#seeing(new (ERRORS.get(name) ?? Error)(message));
    if (typeof stack === "string") hide(error, "stack", stack);
    if (cause !== undefined) hide(error, "cause", this.read(cause, depth + 1));
    return error;
  }

  #pairs(v: unknown): (readonly [unknown, unknown])[] {
    if (Array.isArray(v) && v.every((pair) => Array.isArray(pair) && pair.length === 2)) return v as never;
    return this.#refuse("it has a list of pairs that is none");
  }

  /** Given its number before what is in it is read, which may say that number. */
  #seeing<T extends object>(object: T): T {
    this.#seen.push(object);
    return object;
  }

  #count(bytes: number): void {
    this.#size += bytes;
    // Twice: both sides only estimate.
    if (this.#size > 2 * this.#limit) this.#refuse(`it is larger than ${this.#limit} bytes (maxPayload)`);
  }

  #refuse(why: string): never {
    throw new PayloadError(
      `Cannot read ${this.#what}: ${why}. Does everything that uses this queue run the same version?`,
    );
  }
}

/** An own property, whatever its name is: assigning to `__proto__` would do something else. */
function put(object: object, key: string, value: unknown): void {
  if (key === "__proto__") {
    Object.defineProperty(object, key, { value, writable: true, enumerable: true, configurable: true });
  } else {
    (object as Record<string, unknown>)[key] = value;
  }
}

function hide(error: Error, key: string, value: unknown): void {
  Object.defineProperty(error, key, { value, writable: true, configurable: true, enumerable: false });
}

function isHole(plain: unknown): boolean {
  return typeof plain === "object" && plain !== null && (plain as { [TAG]?: unknown })[TAG] === "h";
}

type View = new (buffer: ArrayBuffer) => ArrayBufferView;

const VIEWS = new Map<string, View>(
  [
    Int8Array,
    Uint8Array,
    Uint8ClampedArray,
    Int16Array,
    Uint16Array,
    Int32Array,
    Uint32Array,
    Float32Array,
    Float64Array,
    BigInt64Array,
    BigUint64Array,
    DataView,
  ].map((View) => [View.name, View as View]),
);

const ERRORS = new Map<string, new (message: string) => Error>(
  [Error, EvalError, RangeError, ReferenceError, SyntaxError, TypeError, URIError].map((Class) => [
    Class.name,
    Class,
  ]),
);
