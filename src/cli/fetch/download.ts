import { BodyTooLargeError } from "./reasons.ts";
import type { Save } from "./save.ts";

/** What has arrived of a page so far: a time-out wants to say how far it came. */
export interface Transfer {
  status: number | null;
  statusText: string;
  bytes: number;
  file: string | undefined;
}

export interface DownloadOptions {
  readonly signal: AbortSignal;
  readonly maxBytes: number;
  /** Opens the file for a body that is worth keeping. */
  readonly save: ((contentType: string) => Promise<Save>) | undefined;
}

/**
 * One request over the platform's fetch, body and all. The body is read piece by piece and never held: a
 * page without an end costs memory for one piece, and stops at the limit.
 */
export async function download(url: URL, transfer: Transfer, options: DownloadOptions): Promise<void> {
  const response = await fetch(url, { signal: options.signal });
  transfer.status = response.status;
  transfer.statusText = response.statusText;
  if (response.body === null) return;
  const reader = response.body.getReader();
  let save: Save | undefined;
  try {
    if (response.ok) save = await options.save?.(response.headers.get("content-type") ?? "");
    for (let piece = await reader.read(); !piece.done; piece = await reader.read()) {
      const room = options.maxBytes - transfer.bytes;
      transfer.bytes += Math.min(piece.value.byteLength, room);
      if (piece.value.byteLength > room) throw new BodyTooLargeError(options.maxBytes);
      await save?.write(piece.value);
    }
    await save?.keep();
    transfer.file = save?.file;
  } catch (error) {
    // The connection is of no more use; that it also fails to close would add nothing.
    reader.cancel().catch(() => {});
    await save?.discard();
    throw error;
  }
}
