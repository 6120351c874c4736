/** Priority channels in every order of small programs, and in many orders of bigger ones: linearizable. */
import { describe, test } from "vitest";
import { moveOnAfter, PriorityChannel, taskGroup, type Awaitable } from "../../src/index.ts";
import { disturbed, everyOrder, randomSchedules, same } from "../support/explored.ts";
import { History, type Model } from "../support/linearizable.ts";

/** The lower `first` comes first; of equals, what came earlier. */
interface Item {
  readonly first: number;
  readonly name: string;
}

type Ask = "receive" | "tryReceive" | { readonly send: Item } | { readonly trySend: Item };
/** Of what was received its name, `null` if there was nothing; of what was sent whether it was. */
type Result = string | boolean | null;

/** What is in it, in the order in which it comes out. */
const model = (capacity: number): Model<readonly Item[], Ask, Result> => ({
  initial: [],
  step(items, { input, result }) {
    if (input === "receive" || input === "tryReceive") {
      if (result === null) return items.length === 0 ? { state: items } : null;
      return items[0]?.name === result ? { state: items.slice(1) } : null;
    }
    if (result === false) return items.length === capacity ? { state: items } : null;
    if (items.length === capacity) return null;
    const item = "send" in input ? input.send : input.trySend;
    const behind = items.findIndex(({ first }) => first > item.first);
    return { state: items.toSpliced(behind === -1 ? items.length : behind, 0, item) };
  },
});

/** A channel whose operations are noted. */
class Noted {
  readonly channel: PriorityChannel<Item>;
  readonly #history = new History<Ask, Result>();
  readonly #capacity: number;

  constructor(capacity: number) {
    this.#capacity = capacity;
    this.channel = new PriorityChannel(capacity, { compare: (a, b) => a.first - b.first });
  }

  send(by: string, first: number, name: string): Awaitable<Result> {
    const item = { first, name };
    return this.#history.record(by, { send: item }, sent(this.channel, item));
  }
  trySend(by: string, first: number, name: string): void {
    const item = { first, name };
    this.#history.note(by, { trySend: item }, () => this.channel.trySend(item));
  }
  receive(by: string): Awaitable<Result> {
    return this.#history.record(by, "receive", received(this.channel));
  }
  tryReceive(by: string): Result {
    return this.#history.note(by, "tryReceive", () => this.channel.tryReceive()?.value.name ?? null);
  }

  /** Nothing is lost, nobody waits, and there is an order that explains it all. */
  check(): void {
    while (this.tryReceive("the end") !== null);
    this.#history.check(model(this.#capacity));
    const { size, waitingSenders, waitingReceivers } = this.channel.statistics;
    same([size, waitingSenders, waitingReceivers], [0, 0, 0]);
  }
}

describe.each([1, 2, 4])("a priority channel of capacity %i", (capacity) => {
  test("every order of three tasks of three operations, two of which are cancelled: linearizable", () =>
    everyOrder(function* () {
      const noted = new Noted(capacity);
      yield* taskGroup(function* (group) {
        const victim = group.createTask(function* () {
          yield* noted.send("a", 2, "a2");
          yield;
          yield* noted.send("a", 1, "a1");
          yield;
          yield* noted.send("a", 2, "later a2");
        });
        const other = group.createTask(function* () {
          yield* noted.receive("b");
          yield;
          noted.tryReceive("b");
          yield;
          yield* noted.receive("b");
        });
        group.createTask(function* () {
          noted.trySend("c", 2, "c2");
          yield;
          void victim.cancel();
          yield* moveOnAfter(1, () => noted.send("c", 1, "c1"));
          void other.cancel();
        });
      });
      noted.check();
    }));

  test("every order of three senders, one of which is cancelled, and who takes all: linearizable", () =>
    everyOrder(function* () {
      const noted = new Noted(capacity);
      yield* taskGroup(function* (group) {
        const senders = [2, 1, 2].map((first, n) =>
          group.createTask(() => noted.send(`sender ${n}`, first, `of ${n}`)),
        );
        yield;
        void senders[1]!.cancel();
        for (let n = 0; n < 2; n++) {
          yield* noted.receive("main");
          yield;
        }
      });
      noted.check();
    }));

  test("is linearizable, with cancellations, in many orders", { timeout: 60_000 }, async () => {
    await randomSchedules(function* (draw) {
      const noted = new Noted(capacity);
      const work = (by: string) =>
        function* (): Awaitable<void> {
          for (let n = 0; n < 4; n++) {
            const first = draw(3);
            const name = `${by}${n}`;
            switch (draw(4)) {
              case 0:
                yield* noted.send(by, first, name);
                break;
              case 1:
                yield* noted.receive(by);
                break;
              case 2:
                noted.trySend(by, first, name);
                break;
              default:
                noted.tryReceive(by);
            }
            for (let step = draw(2); step > 0; step--) yield;
          }
        };
      yield* disturbed(draw, work, 1);
      noted.check();
    });
  });
});

function* sent(channel: PriorityChannel<Item>, item: Item): Awaitable<boolean> {
  yield* channel.send(item);
  return true;
}

function* received(channel: PriorityChannel<Item>): Awaitable<string> {
  return (yield* channel.receive()).name;
}
