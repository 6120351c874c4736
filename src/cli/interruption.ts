// What a shell reports of a program that the signal ended. SIGPIPE stands for an output that nobody reads
// any more (`| head`); Node tells of it as an error of standard output.
const EXIT_CODES = { SIGINT: 130, SIGPIPE: 141, SIGTERM: 143 } as const;

type SignalName = keyof typeof EXIT_CODES;

/** Why a run was cancelled from outside. */
export class Interrupted extends Error {
  override name = "Interrupted";
  readonly exitCode: number;

  constructor(signalName: SignalName) {
    super(`interrupted by ${signalName}`);
    this.exitCode = EXIT_CODES[signalName];
  }
}

/**
 * Runs `body` with a signal that the first Ctrl-C aborts, so that all is cancelled and cleaned up. A second
 * one ends the process at once: somebody has waited long enough.
 */
export async function withInterruption<T>(body: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const controller = new AbortController();
  const stop = (signalName: "SIGINT" | "SIGTERM") => {
    if (controller.signal.aborted) process.exit(EXIT_CODES[signalName]);
    controller.abort(new Interrupted(signalName));
  };
  // What became of the output is the business of main.ts; here it only says that nobody needs more.
  const unread = () => controller.abort(new Interrupted("SIGPIPE"));
  process.on("SIGINT", stop).on("SIGTERM", stop);
  process.stdout.on("error", unread);
  try {
    return await body(controller.signal);
  } finally {
    process.off("SIGINT", stop).off("SIGTERM", stop);
    process.stdout.off("error", unread);
  }
}
