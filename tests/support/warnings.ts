/** What the process is warned of. */
import { onTestFinished } from "vitest";

/** All warnings from now on, as they come, until the test has ended. */
export function warnings(): readonly Error[] {
  const heard: Error[] = [];
  const hear = (warning: Error): void => void heard.push(warning);
  process.on("warning", hear);
  onTestFinished(() => void process.off("warning", hear));
  return heard;
}
