/** Cancels an execution at one of its points, and tells what comes of that from what the program itself does. */
import { moveOnAfter, type Awaitable, type CancelScope } from "../../index.ts";
import type { Host } from "../../lowlevel.ts";

/** Where, and by whom. */
export interface CancelPoint {
  /** Before the first step (1), after it (2), before the second (3) … */
  readonly at: number;
  /** The run's signal, or a deadline around all of it. */
  readonly by: "signal" | "deadline";
}

export class Cancelling {
  /** The program, with the deadline around it where that is to cancel it. */
  readonly program: () => Awaitable<unknown>;
  readonly #point: CancelPoint;
  readonly #clock: Pick<Host, "now">;
  readonly #controller = new AbortController();
  #scope: CancelScope | null = null;

  constructor(program: () => Awaitable<unknown>, point: CancelPoint, clock: Pick<Host, "now">) {
    this.#point = point;
    this.#clock = clock;
    this.program =
      point.by === "signal"
        ? program
        : () =>
            moveOnAfter(Infinity, (scope) => {
              this.#scope = scope;
              return program();
            });
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  pass(point: number): void {
    if (point !== this.#point.at) return;
    if (this.#point.by === "signal") this.#controller.abort(CANCELLED);
    else if (this.#scope !== null) this.#scope.deadline = this.#clock.now();
  }

  /** Whether an error is what the cancellation was to bring. */
  caused(error: unknown): boolean {
    return error === CANCELLED;
  }
}

/** Why a run was cancelled that was to be. */
const CANCELLED = new Error("cancelled, to see what comes of it");
