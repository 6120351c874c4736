import { randomUUID } from "node:crypto";
import { mkdir, open, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { printable } from "../render/text.ts";
import { UsageError } from "../usage-error.ts";
import { CannotSaveError } from "./reasons.ts";

// Bodies on disk. A name is made from the address alone and holds no separator, so nothing leaves the
// folder; names are shared out before the first request, so they do not depend on who answers first.

/** The folder of `-o`: one file for each page that was read whole. */
export class Folder {
  readonly path: string;
  readonly #names: readonly FileName[];

  private constructor(path: string, names: readonly FileName[]) {
    this.path = path;
    this.#names = names;
  }

  static async prepare(path: string, urls: readonly string[]): Promise<Folder> {
    try {
      await mkdir(path, { recursive: true });
    } catch (error) {
      throw new UsageError(
        `Cannot save pages in "${printable(path)}": ${errorWords(error)}.`,
        "Give -o a folder, or a name that is still free.",
      );
    }
    return new Folder(path, fileNames(urls));
  }

  /**
   * A body on its way to disk. It is written beside its final name and renamed at the end: a page that
   * fails half way leaves nothing, and a link that lies in the folder is replaced, never followed.
   */
  async create(index: number, contentType: string): Promise<Save> {
    const name = this.#names[index]!;
    const file = join(this.path, `${name.stem}.${name.extension ?? extensionFor(contentType)}`);
    const part = join(this.path, `.${randomUUID()}.part`);
    const handle = await open(part, "wx").catch(cannotSave(file));
    return {
      file,
      write: (chunk) => handle.writeFile(chunk).catch(cannotSave(file)),
      async keep() {
        await handle.close();
        await rename(part, file).catch(cannotSave(file));
      },
      async discard() {
        await handle.close().catch(() => {});
        await rm(part, { force: true }).catch(() => {});
      },
    };
  }
}

export interface Save {
  readonly file: string;
  write(chunk: Uint8Array): Promise<void>;
  keep(): Promise<void>;
  discard(): Promise<void>;
}

export interface FileName {
  readonly stem: string;
  /** Undefined: the type of the answer decides. Always present in the end, so a stem is never a whole name. */
  readonly extension: string | undefined;
}

/** Names for all addresses: no two are equal, not even on a disk that ignores case. */
export function fileNames(urls: readonly string[]): FileName[] {
  const taken = new Set<string>();
  return urls.map((url) => {
    const { stem, extension } = fileName(url);
    let unique = stem;
    for (let n = 2; taken.has(unique.toLowerCase()); n++) unique = `${stem}-${n}`;
    taken.add(unique.toLowerCase());
    return { stem: unique, extension };
  });
}

// Names that Windows keeps for devices, whatever their extension.
const DEVICE = /^(?:con|prn|aux|nul|com\d|lpt\d)$/i;

function fileName(text: string): FileName {
  if (!URL.canParse(text)) return { stem: "page", extension: undefined };
  const url = new URL(text);
  const [, path, extension] = /^(.*?)(?:\.([A-Za-z0-9]{1,5}))?$/s.exec(url.pathname)!;
  const stem = `${url.host}${path}${url.search}`
    .replace(/[^A-Za-z0-9._-]+/g, "_")
    .replace(/\.{2,}/g, "_")
    .replace(/^[._-]+|[._-]+$/g, "")
    .slice(0, 120);
  return {
    stem: stem === "" || DEVICE.test(stem) ? `page_${stem}` : stem,
    extension: extension?.toLowerCase(),
  };
}

const EXTENSIONS: Record<string, string> = {
  "text/html": "html",
  "application/xhtml+xml": "html",
  "text/plain": "txt",
  "text/css": "css",
  "text/csv": "csv",
  "text/xml": "xml",
  "application/xml": "xml",
  "application/json": "json",
  "application/pdf": "pdf",
  "text/javascript": "js",
  "application/javascript": "js",
  "image/png": "png",
  "image/jpeg": "jpg",
  "image/gif": "gif",
  "image/svg+xml": "svg",
  "image/webp": "webp",
};

function extensionFor(contentType: string): string {
  return EXTENSIONS[contentType.split(";", 1)[0]!.trim().toLowerCase()] ?? "bin";
}

function cannotSave(file: string): (error: unknown) => never {
  return (error) => {
    throw new CannotSaveError(`the body cannot be saved as ${printable(file)}: ${errorWords(error)}`, {
      cause: error,
    });
  };
}

const WORDS: Record<string, string> = {
  EACCES: "writing there is not allowed",
  EPERM: "writing there is not allowed",
  EROFS: "the disk is read-only",
  ENOSPC: "the disk is full",
  EEXIST: "there is a file of that name",
  ENOTDIR: "a part of that path is a file",
  EISDIR: "there is a folder of that name",
  ENOENT: "the folder is gone",
};

function errorWords(error: unknown): string {
  const code: unknown = error instanceof Error ? Reflect.get(error, "code") : undefined;
  return (typeof code === "string" && WORDS[code]) || String(error instanceof Error ? error.message : error);
}
