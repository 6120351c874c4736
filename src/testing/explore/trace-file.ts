/** Writes an execution to a file: a line of JSON for each event, after one that says what they are. */
import type { TraceEvent, TraceHeader } from "./trace-events.ts";

interface FileSystem {
  writeFileSync(file: string, text: string): void;
}

/** What platforms say of themselves; each of the others also passes for Node in some of it. */
interface Platform {
  readonly Deno?: { readonly version: { readonly deno: string } };
  readonly process?: {
    getBuiltinModule?(name: string): unknown;
    readonly versions?: { readonly bun?: string; readonly node?: string };
  };
  readonly navigator?: { readonly userAgent?: string };
}

/** @throws Error where there are no files; what the file system throws. */
export function writeTrace(file: string, events: readonly TraceEvent[], seed: number): void {
  const files = (globalThis as Platform).process?.getBuiltinModule?.("node:fs") as FileSystem | undefined;
  if (files === undefined) {
    throw new Error(
      `Cannot write the trace to ${file}: there are no files here. Take \`failure.trace\` instead.`,
    );
  }
  const header: TraceHeader = { type: "trace", version: 1, clock: "virtual", seed, runtime: runtimeOf() };
  files.writeFileSync(file, [header, ...events].map((line) => `${JSON.stringify(line)}\n`).join(""));
}

/** What the program runs on, with its version: "node 24.1.0", "deno 2.4.1", "bun 1.2.3"; of a browser, what that says. */
export function runtimeOf(platform: Platform = globalThis): string {
  const { Deno, process, navigator } = platform;
  if (Deno !== undefined) return `deno ${Deno.version.deno}`;
  if (process?.versions?.bun !== undefined) return `bun ${process.versions.bun}`;
  if (process?.versions?.node !== undefined) return `node ${process.versions.node}`;
  return navigator?.userAgent ?? "unknown";
}
