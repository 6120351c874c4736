/** Writes an execution to a file: a line of JSON for each event, after one that says what they are. */
import type { TraceEvent } from "./recording.ts";

interface FileSystem {
  writeFileSync(file: string, text: string): void;
}

/** @throws Error where there are no files; what the file system throws. */
export function writeTrace(file: string, events: readonly TraceEvent[], seed: number): void {
  const { process } = globalThis as {
    process?: { getBuiltinModule?(name: string): unknown; version?: string };
  };
  const files = process?.getBuiltinModule?.("node:fs") as FileSystem | undefined;
  if (files === undefined) {
    throw new Error(
      `Cannot write the trace to ${file}: there are no files here. Take \`failure.trace\` instead.`,
    );
  }
  const header = { type: "trace", version: 1, clock: "virtual", seed, runtime: `node ${process!.version}` };
  files.writeFileSync(file, [header, ...events].map((line) => `${JSON.stringify(line)}\n`).join(""));
}
