/**
 * What a program takes from the world behind its loop's back: real time and chance. A virtual clock does not
 * know of it, and a seed does not decide it. It is noticed, or replaced, while the loop runs the program, and at
 * no other time: whoever else uses these functions, a test runner, say, sees its own.
 *
 * Not seen: what was taken out before (`const { now } = Date`, `import { setTimeout } from "node:timers"`).
 */
import { currentTask } from "../index.ts";
import { RealTimers, type RealTimer, type TimerName } from "./left-timers.ts";
import { CodePlace } from "./code-place.ts";

/** What is noticed, by the names that a program writes. */
export type UncontrolledName =
  | "setTimeout"
  | "setInterval"
  | "setImmediate"
  | "AbortSignal.timeout"
  | "Date.now"
  | "new Date"
  | "performance.now"
  | "Math.random";

/** What is given to the program in place of the real one; "Date.now" stands for `new Date()`, too. */
export interface Replacements {
  readonly "Date.now"?: () => number;
  readonly "performance.now"?: () => number;
  readonly "Math.random"?: () => number;
}

type AnyFunction = (...args: never[]) => unknown;
interface Place {
  readonly name: UncontrolledName;
  get(): AnyFunction | undefined;
  set(fn: AnyFunction): void;
}

const world = globalThis as unknown as Record<
  "setTimeout" | "setInterval" | "setImmediate" | "Date",
  AnyFunction
>;
/** Also of a fake one. */
const dates = (): Record<"now", AnyFunction> => world.Date as never;
const signals = AbortSignal as unknown as Record<"timeout", AnyFunction>;
const clock = (Object.hasOwn(performance, "now")
  ? performance
  : Object.getPrototypeOf(performance)) as unknown as Record<"now", AnyFunction>;
const chance = Math as unknown as Record<"random", AnyFunction>;

// Each written out: an engine makes such an access fast; `object[name] = …` with many names cost ten times as much.
const PLACES: readonly Place[] = [
  { name: "setTimeout", get: () => world.setTimeout, set: (fn) => void (world.setTimeout = fn) },
  { name: "setInterval", get: () => world.setInterval, set: (fn) => void (world.setInterval = fn) },
  { name: "setImmediate", get: () => world.setImmediate, set: (fn) => void (world.setImmediate = fn) },
  { name: "AbortSignal.timeout", get: () => signals.timeout, set: (fn) => void (signals.timeout = fn) },
  { name: "Date.now", get: () => dates().now, set: (fn) => void (dates().now = fn) },
  { name: "new Date", get: () => world.Date, set: (fn) => void (world.Date = fn) },
  { name: "performance.now", get: () => clock.now, set: (fn) => void (clock.now = fn) },
  { name: "Math.random", get: () => chance.random, set: (fn) => void (chance.random = fn) },
];

/** Notices, within calls, which of the world's time and chance a program uses, and which task was the first. */
export class Uncontrolled {
  readonly #seen = new Map<UncontrolledName, string>();
  readonly #replacements: Replacements;
  readonly #watched: Watched[];
  readonly #timers = new RealTimers();
  #inside = 0;

  /** What is replaced is controlled: it is not noticed. */
  constructor(replacements: Replacements = {}) {
    this.#replacements = replacements;
    this.#watched = PLACES.filter((place) => place.get() !== undefined).map(
      (place) => new Watched(place, (original) => this.#watching(place.name, original)),
    );
  }

  /** What was used, and the name of the task that used it first. */
  get seen(): ReadonlyMap<UncontrolledName, string> {
    return this.#seen;
  }

  /** Calls `call`, and notices what it uses before it returns. */
  within<T>(call: () => T): T {
    if (this.#inside > 0) return call();
    for (const watched of this.#watched) watched.enter();
    this.#inside++;
    try {
      return call();
    } finally {
      this.#inside--;
      for (let i = this.#watched.length; i > 0;) this.#watched[--i]!.leave(); // Date before Date.now, which is its own
    }
  }

  /** The timers that were set, and have neither rung nor been cleared, as far as their handles tell. */
  get leftTimers(): RealTimer[] {
    return this.#timers.left.filter(({ place }) => !place.calledByPlatform(TRAP));
  }

  /** Forgets what was seen: making one costs more than using it again. */
  clear(): void {
    this.#seen.clear();
    this.forgetTimers();
  }

  /** Those that are set from here on are another program's. */
  forgetTimers(): void {
    this.#timers.clear();
  }

  /** A proxy, since these functions have properties of their own: `Date.UTC`, what `util.promisify` asks for. */
  #watching(name: UncontrolledName, original: AnyFunction): AnyFunction {
    const replacement = this.#replacements[(name === "new Date" ? "Date.now" : name) as keyof Replacements];
    return new Proxy(original, {
      apply: (target, self, args) => {
        if (name === "new Date") return String(this.#date(target, [], target, replacement));
        if (this.#inside > 0) {
          if (replacement !== undefined) return replacement();
          this.#notice(name);
          if (isTimer(name)) {
            const handle: unknown = Reflect.apply(target, self, args);
            this.#timers.add({ name, task: currentTask(), ms: args[1], place: new CodePlace(), handle });
            return handle;
          }
        }
        return Reflect.apply(target, self, args);
      },
      construct: (target, args, newTarget) => this.#date(target, args, newTarget, replacement) as object,
    });
  }

  #date(target: AnyFunction, args: unknown[], newTarget: object, now: (() => number) | undefined): unknown {
    if (args.length === 0 && this.#inside > 0) {
      if (now !== undefined) args = [now()];
      else this.#notice("new Date");
    }
    return Reflect.construct(target, args, newTarget as AnyFunction);
  }

  /** The platform may use them for itself: `fetch` looks at the time, which is no matter. */
  #notice(name: UncontrolledName): void {
    if (this.#seen.has(name) || new CodePlace().calledByPlatform(TRAP)) return;
    this.#seen.set(name, currentTask()?.name ?? "a callback");
  }
}

/** What is called where the program calls one of these functions: the proxy's trap. */
const TRAP = /\bObject\.(apply|construct)\b/;

function isTimer(name: UncontrolledName): name is TimerName {
  return name === "setTimeout" || name === "setInterval" || name === "setImmediate";
}

function datesAre(constructor: AnyFunction): void {
  (constructor.prototype as { constructor: unknown }).constructor = constructor;
}

/** What stands behind each function of ours; and those that are to stand somewhere now, one inside another. */
const originals = new WeakMap<AnyFunction, AnyFunction>();
const active = new Set<AnyFunction>();

/** A mock may have taken one of ours for the original, and put it back when its time was over. */
function unwrapped(fn: AnyFunction): AnyFunction {
  for (let original; !active.has(fn) && (original = originals.get(fn)) !== undefined;) fn = original;
  return fn;
}

/** One place, and what stands there inside and outside. */
class Watched {
  readonly #place: Place;
  readonly #watching: (original: AnyFunction) => AnyFunction;
  #original: AnyFunction | null = null;
  #ours: AnyFunction | null = null;

  constructor(place: Place, watching: (original: AnyFunction) => AnyFunction) {
    this.#place = place;
    this.#watching = watching;
  }

  enter(): void {
    const found = unwrapped(this.#place.get()!);
    if (found !== this.#original) {
      // Fake timers come and go; ours stands before whichever is there.
      this.#original = found;
      this.#ours = this.#watching(found);
      originals.set(this.#ours, found);
    }
    this.#place.set(this.#ours!);
    active.add(this.#ours!);
    if (this.#place.name === "new Date") datesAre(this.#ours!); // `date.constructor === Date` holds inside, too
  }

  leave(): void {
    // What the program has put there itself stays, unless it is ours.
    active.delete(this.#ours!);
    this.#place.set(unwrapped(this.#place.get()!));
    if (this.#place.name === "new Date") datesAre(this.#original!);
  }
}
