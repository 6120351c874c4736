import type { WriteStream } from "node:tty";

/** What an output can show. */
export interface Terminal {
  /** In-place updates: only where somebody watches, and where the cursor can be moved. */
  readonly animated: boolean;
  readonly colour: boolean;
  readonly width: number;
  readonly height: number;
}

export type Environment = Readonly<Record<string, string | undefined>>;

const isSet = (value: string | undefined) => value !== undefined && value !== "";

/** NO_COLOR (no-color.org) always wins; FORCE_COLOR asks for colour in a pipe. */
export function describeTerminal(
  stream: Pick<WriteStream, "columns" | "rows"> & { isTTY?: boolean },
  env: Environment = process.env,
): Terminal {
  const tty = stream.isTTY === true;
  const dumb = env.TERM === "dumb";
  const forced = isSet(env.FORCE_COLOR) && env.FORCE_COLOR !== "0" && env.FORCE_COLOR !== "false";
  return {
    animated: tty && !dumb,
    colour: !isSet(env.NO_COLOR) && (forced || (tty && !dumb && env.FORCE_COLOR === undefined)),
    // Some terminals (serial lines, a pty nobody sized) say 0 × 0.
    width: stream.columns || 80,
    height: stream.rows || 24,
  };
}
