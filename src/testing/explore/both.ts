/** Two monitors of one loop. */
import type { Monitor } from "../../lowlevel.ts";

/** Two who hear the same. */
export function both(one: Monitor, other: Monitor): Monitor {
  const heard = {} as Record<keyof Monitor, (...args: unknown[]) => void>;
  const [first, second] = [one, other] as Partial<typeof heard>[];
  for (const name of EVERYTHING) {
    heard[name] = (...args) => {
      first![name]?.(...args);
      second![name]?.(...args);
    };
  }
  return heard;
}

// An object, so that the compiler asks for whatever a monitor may hear of besides.
const EVERYTHING = Object.keys({
  spawn: true,
  step: true,
  wait: true,
  wake: true,
  cancel: true,
  done: true,
  resource: true,
  job: true,
  report: true,
} satisfies Required<Record<keyof Monitor, true>>) as (keyof Monitor)[];
