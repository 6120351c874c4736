import { fstatSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { text } from "node:stream/consumers";
import type { Readable } from "node:stream";
import { printable } from "../render/text.ts";
import { UsageError } from "../usage-error.ts";

export interface SourceOptions {
  /** The arguments; `-` among them is standard input. */
  readonly urls: readonly string[];
  /** Files with one address a line. */
  readonly from: readonly string[];
}

export interface Stdin {
  readonly stream: Readable;
  /** Somebody feeds it: a pipe or a file, not a keyboard and not nothing. */
  readonly fed: boolean;
}

/** Every address that was asked for, in order: arguments, with `-` where it stands, then files. */
export async function readUrls(
  options: SourceOptions,
  stdin: () => Stdin,
  signal: AbortSignal,
): Promise<string[]> {
  let input: Promise<string[]> | undefined;
  const fromStdin = () => (input ??= readStream(stdin().stream, signal).then(lines));

  const urls: string[] = [];
  for (const url of options.urls) urls.push(...(url === "-" ? await fromStdin() : [url]));
  for (const file of options.from) {
    urls.push(...(file === "-" ? await fromStdin() : lines(await readList(file, signal))));
  }
  const named = options.urls.length > 0 || options.from.length > 0;
  if (!named && stdin().fed) urls.push(...(await fromStdin()));
  if (urls.length > 0) return urls;

  if (named || input !== undefined) {
    const where =
      options.from.length > 0
        ? options.from.map((file) => `"${printable(file)}"`).join(", ")
        : "standard input";
    throw new UsageError(
      `Cannot fetch: there is no URL in ${where}.`,
      "Write one URL a line; # begins a comment.",
    );
  }
  throw new UsageError(
    "Cannot fetch: no URL was given.",
    "Name some, `cede fetch URL…`, or a file of them, `--from FILE`; `--demo` needs none.",
  );
}

/** One address a line; empty lines and lines that begin with # are skipped. */
export function lines(content: string): string[] {
  return content
    .replace(/^\uFEFF/, "")
    .split(/\r\n|\n|\r/)
    .map((line) => line.trim())
    .filter((line) => line !== "" && !line.startsWith("#"));
}

/** Is something there to be read? A terminal is somebody's keyboard, /dev/null is nobody. */
export function standardInput(): Stdin {
  return { stream: process.stdin, fed: isFed() };
}

function isFed(): boolean {
  try {
    const stat = fstatSync(0);
    return stat.isFIFO() || stat.isFile() || stat.isSocket();
  } catch {
    return false; // It was closed before we came.
  }
}

async function readStream(stream: Readable, signal: AbortSignal): Promise<string> {
  const stop = () => stream.destroy(new Error("stopped"));
  signal.addEventListener("abort", stop, { once: true });
  try {
    return await text(stream);
  } finally {
    signal.removeEventListener("abort", stop);
  }
}

async function readList(file: string, signal: AbortSignal): Promise<string> {
  try {
    return await readFile(file, { encoding: "utf8", signal });
  } catch (error) {
    if (signal.aborted) throw error;
    const code: unknown = error instanceof Error ? Reflect.get(error, "code") : undefined;
    const why =
      code === "ENOENT"
        ? "there is no such file"
        : code === "EISDIR"
          ? "it is a folder"
          : code === "EACCES"
            ? "reading it is not allowed"
            : String(error);
    throw new UsageError(
      `Cannot read URLs from "${printable(file)}": ${why}.`,
      "--from takes a text file with one URL a line.",
    );
  }
}
