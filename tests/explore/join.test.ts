/** A channel's `join` and `taskDone` in every order of small programs: it ends exactly when everything is done. */
import { describe, expect, test } from "vitest";
import { Channel, createTask, moveOnAfter, taskGroup, type Awaitable } from "../../src/index.ts";
import { disturbed, everyOrder, finished, randomSchedules, same } from "../support/explored.ts";
import { History, type Model } from "../support/linearizable.ts";

type Ask = "send" | "receive" | "taskDone" | "join" | "the last receiver is closed";

/** How many are in it, and how many of those that were taken out are not done. */
interface Left {
  readonly items: number;
  readonly taken: number;
}

const model = (capacity: number): Model<Left, Ask, true> => ({
  initial: { items: 0, taken: 0 },
  step({ items, taken }, { input }) {
    switch (input) {
      case "send":
        return items < Math.max(capacity, 1) ? { state: { items: items + 1, taken } } : null;
      case "receive":
        return items > 0 ? { state: { items: items - 1, taken: taken + 1 } } : null;
      case "taskDone":
        return taken > 0 ? { state: { items, taken: taken - 1 } } : null;
      case "join":
        return items + taken === 0 ? { state: { items, taken } } : null;
      default:
        return { state: { items: 0, taken } };
    }
  },
});

/** A channel whose operations are noted. */
class Noted {
  readonly channel: Channel<null>;
  readonly #history = new History<Ask, true>();
  readonly #capacity: number;

  constructor(capacity: number) {
    this.#capacity = capacity;
    this.channel = new Channel(capacity);
  }

  send(by: string): Awaitable<true> {
    return this.#history.record(by, "send", done(this.channel.send(null)));
  }
  receive(by: string): Awaitable<true> {
    return this.#history.record(by, "receive", done(this.channel.receive()));
  }
  join(by: string): Awaitable<true> {
    return this.#history.record(by, "join", done(this.channel.join()));
  }
  taskDone(by: string): void {
    this.#history.note(by, "taskDone", () => (this.channel.taskDone(), true));
  }
  note(by: string, what: Ask, change: () => void): void {
    this.#history.note(by, what, () => (change(), true));
  }

  /** Takes one and is done with it a step later, also if it is cancelled meanwhile. */
  *work(by: string): Awaitable<void> {
    yield* this.receive(by);
    try {
      yield;
    } finally {
      this.taskDone(by);
    }
  }

  check(): void {
    this.#history.check(model(this.#capacity));
    const { waitingSenders, waitingReceivers } = this.channel.statistics;
    same([waitingSenders, waitingReceivers], [0, 0]);
  }
}

describe.each([0, 1, 2])("join, of a channel of capacity %i", (capacity) => {
  test("every order of three tasks of three operations, two of which are cancelled", () =>
    everyOrder(function* () {
      const noted = new Noted(capacity);
      yield* taskGroup(function* (group) {
        const worker = group.createTask(function* () {
          yield* noted.work("worker");
          yield* noted.work("worker");
        });
        const sender = group.createTask(function* () {
          yield* noted.send("sender");
          yield;
          yield* noted.send("sender");
          yield;
          yield* noted.join("sender");
        });
        group.createTask(function* () {
          yield* moveOnAfter(1, () => noted.send("c"));
          yield;
          void sender.cancel();
          yield* moveOnAfter(1, () => noted.join("c"));
          void worker.cancel();
        });
      });
      expect(noted.channel.statistics.unfinished).toBe(noted.channel.statistics.size);
      noted.check();
    }));

  test("every order of a worker that is cancelled, and one that goes on: all who join are let go", () =>
    everyOrder(function* () {
      const noted = new Noted(capacity);
      const workers = ["a", "b"].map((by) =>
        createTask(function* () {
          for (;;) yield* noted.work(by);
        }),
      );
      const joins = ["c", "d"].map((by) =>
        createTask(function* () {
          yield* noted.send(by);
          yield* noted.join(by);
        }),
      );
      void workers[0]!.cancel();
      yield* finished(joins);
      expect(noted.channel.statistics.unfinished).toBe(0);
      void workers[1]!.cancel();
      yield* finished(workers);
      noted.check();
    }));

  test("every order in which the last receiver is closed: what nobody will take is done with", () =>
    everyOrder(function* () {
      const noted = new Noted(capacity);
      const receiver = noted.channel.receiver();
      yield* taskGroup(function* (group) {
        const sender = group.createTask(function* () {
          yield* noted.send("sender");
          yield;
          yield* noted.send("sender");
        });
        group.createTask(function* () {
          yield* noted.join("joins");
        });
        group.createTask(function* () {
          yield* moveOnAfter(1, () => noted.work("closes"));
          void sender.cancel();
          yield;
          noted.note("closes", "the last receiver is closed", () => receiver.close());
        });
      });
      expect(noted.channel.statistics.unfinished).toBe(0);
      noted.check();
    }));

  test("in many orders of random programs, with cancellations", { timeout: 60_000 }, async () => {
    await randomSchedules(function* (draw) {
      const noted = new Noted(capacity);
      const asks: ((by: string) => Awaitable<unknown>)[] = [
        (by) => noted.send(by),
        (by) => noted.work(by),
        (by) => noted.join(by),
      ];
      const work = (by: string) =>
        function* (): Awaitable<void> {
          for (let n = 0; n < 3; n++) {
            yield* asks[draw(3)]!(by);
            for (let step = draw(2); step > 0; step--) yield;
          }
        };
      yield* disturbed(draw, work, 1);
      noted.check();
    });
  });
});

function* done(operation: Awaitable<unknown>): Awaitable<true> {
  yield* operation;
  return true;
}
