import type { WriteStream } from "node:tty";
import { Animation } from "../fetch/animation.ts";
import { clip } from "../render/text.ts";
import { count, plural } from "../render/units.ts";
import type { Progress } from "./search.ts";

/** `bank.test.ts: vitest, 3 programs searched, 12 s`, until the function is called that it gives back. */
export function showRunning(stream: WriteStream, what: string, searched: () => number): () => void {
  const begun = performance.now();
  const animation = new Animation(stream, ({ width }) => {
    const seconds = Math.floor((performance.now() - begun) / 1000);
    return [clip(`${what}, ${plural(searched(), "program")} searched, ${count(seconds)} s`, width)];
  });
  animation.start();
  return () => animation.stop();
}

/** `transfer: 34,081 schedules, 9,221 a second`, until the function is called that it gives back. */
export function showProgress(stream: WriteStream, progress: Progress): () => void {
  const animation = new Animation(stream, ({ width }) => {
    const { name, begun, schedules } = progress;
    const rate = (schedules / (performance.now() - begun)) * 1000;
    return [clip(`${name}: ${plural(schedules, "schedule")}, ${count(Math.round(rate))} a second`, width)];
  });
  animation.start();
  return () => animation.stop();
}
