/** Programs that wait for promises, on virtual time. */
import type { Awaitable } from "cede";
import { runVirtual } from "cede/testing";
import { setImmediate } from "node:timers/promises";

/** How a program ended, and what was told to the monitor alone, also a moment later. */
export async function outcome(main: () => Awaitable<unknown>): Promise<{ ended: string; told: string[] }> {
  const told: string[] = [];
  const ended = await runVirtual(main, {
    onReport: ({ kind, message }) => told.push(`${kind}: ${message.replace(/#\d+/g, "")}`),
  }).then(String, String);
  await setImmediate();
  return { ended, told };
}
