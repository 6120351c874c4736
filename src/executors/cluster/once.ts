/** Says something after a moment, or at once if it has to be known before something else; once. */

/** In milliseconds. */
const MOMENT = 5;

export class Once {
  readonly #say: () => void;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(say: () => void) {
    this.#say = say;
    this.#timer = setTimeout(() => this.now(), MOMENT);
  }

  now(): void {
    if (this.#timer === undefined) return;
    this.never();
    this.#say();
  }

  never(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }
}
