/** A bounded buffer made of conditions, in many orders, and cancelled everywhere: nothing in it is lost or doubled. */
import { describe, expect, test } from "vitest";
import { cancelScope, Condition, Lock, moveOnAfter, type Awaitable } from "../../src/index.ts";
import { cancelEverywhere } from "../../src/testing/index.ts";
import { randomSchedules, sideBySide } from "../support/explored.ts";

class Buffer {
  readonly lock = new Lock();
  readonly #notFull = new Condition({ lock: this.lock });
  readonly #notEmpty = new Condition({ lock: this.lock });
  readonly items: number[] = [];
  put = 0;
  taken = 0;

  give(): Awaitable<void> {
    return this.lock.with(() => this.#give());
  }

  take(): Awaitable<void> {
    return this.lock.with(() => this.#take());
  }

  *#give(): Awaitable<void> {
    yield* this.#notFull.waitFor(() => this.items.length < 1);
    this.items.push(this.put++);
    this.#notEmpty.notify();
  }

  *#take(): Awaitable<void> {
    yield* this.#notEmpty.waitFor(() => this.items.length > 0);
    if (this.items.shift() !== this.taken++) throw new Error("An item was lost.");
    this.#notFull.notify();
  }

  /** What must be so whenever nobody uses it. */
  get state(): object {
    return {
      lost: this.put - this.taken - this.items.length,
      lock: this.lock.statistics,
      waiting: this.#notFull.statistics.waiting + this.#notEmpty.statistics.waiting,
    };
  }
}

const good = { lost: 0, lock: { owner: undefined, waiting: 0, broken: false }, waiting: 0 };
let buffer = new Buffer();

const programs: Record<string, () => Awaitable<unknown>> = {
  "one gives, one takes": sideBySide(
    function* () {
      for (let n = 0; n < 3; n++) yield* buffer.give();
    },
    function* () {
      for (let n = 0; n < 3; n++) yield* buffer.take();
    },
  ),
  "two give, two take": sideBySide(
    () => buffer.give(),
    () => buffer.give(),
    () => buffer.take(),
    () => buffer.take(),
  ),
  "some do not wait for long": sideBySide(
    () => moveOnAfter(0, () => buffer.take()),
    () => moveOnAfter(1, () => buffer.take()),
    () => moveOnAfter(1, () => buffer.give()),
  ),
};

describe("conditions", () => {
  test.each(Object.entries(programs))("cancelled everywhere: %s", { timeout: 60_000 }, async (_, program) => {
    await cancelEverywhere(
      () => {
        buffer = new Buffer();
        return cancelScope(program);
      },
      { schedules: 8, check: () => expect(buffer.state).toEqual(good) },
    );
  });

  test(
    "lose no notification, with waits that are cut short, in many orders",
    { timeout: 60_000 },
    async () => {
      await randomSchedules(function* (draw) {
        buffer = new Buffer();
        const cutShort = function* (): Awaitable<void> {
          for (let n = 0; n < 2; n++) {
            const gives = draw(2) === 0;
            yield* moveOnAfter(draw(2), () => (gives ? buffer.give() : buffer.take()));
          }
        };
        const steady = sideBySide(
          function* () {
            for (let n = 0; n < 3; n++) yield* buffer.give();
          },
          function* () {
            for (let n = 0; n < 3; n++) yield* buffer.take();
          },
        );
        // What is short may take what the steady one waits for, or fill its place: then it does not end by itself.
        yield* moveOnAfter(10, () => sideBySide(cutShort, cutShort, steady)());
        if (buffer.items.length > 0) yield* buffer.take();
        yield* buffer.give();
        yield* buffer.take();
        expect(buffer.state).toEqual(good);
      });
    },
  );
});
