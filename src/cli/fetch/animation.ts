import { createLogUpdate } from "log-update";
import type { WriteStream } from "node:tty";
import { describeTerminal } from "../render/terminal.ts";
import type { Screen } from "./live-frame.ts";

const FRAME_MS = 60;
/** Drawing may take this share of the time, for the job comes first; but something moves four times a second. */
const SHARE = 0.03;
const SLOWEST_FRAME_MS = 250;

/** A picture that is drawn again and again in the same place of a terminal. */
export class Animation {
  readonly #stream: WriteStream;
  readonly #picture: (screen: Screen) => readonly string[];
  readonly #log: ReturnType<typeof createLogUpdate>;
  #timer: NodeJS.Timeout | undefined;

  constructor(stream: WriteStream, picture: (screen: Screen) => readonly string[]) {
    this.#stream = stream;
    this.#picture = picture;
    this.#log = createLogUpdate(stream);
  }

  start(): void {
    this.#drawIn(FRAME_MS);
  }

  /** Takes the picture away, and gives the cursor back. */
  stop(): void {
    clearTimeout(this.#timer);
    this.#log.clear();
    this.#log.done();
  }

  #drawIn(ms: number): void {
    this.#timer = setTimeout(() => {
      const begun = performance.now();
      this.#log(this.#picture(describeTerminal(this.#stream)).join("\n"));
      const cost = performance.now() - begun;
      this.#drawIn(Math.min(Math.max(FRAME_MS, cost / SHARE), SLOWEST_FRAME_MS));
    }, ms).unref();
  }
}
