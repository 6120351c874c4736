import { BareChannel, runBare } from "../harness/bare-loop.ts";
import { peer, present, type EffectionModule, type EffectModule } from "../harness/peers.ts";
import { timed, type Workload } from "../harness/workload.ts";

const CAPACITY = 16;

/** One task sends numbers, another adds them up; each waits for the other where there is no room, or nothing. */
export const prodcons: Workload = timed({
  about: "send numbers from a producer to a consumer, through a channel with room for 16",
  size: 1_000_000,
  sizes: { effect: 100_000, effection: 100_000 },
  checksum: (items) => items,
  systems: {
    bare: () => {
      type Items = Generator<symbol, void>;
      function* produce(channel: BareChannel, items: number): Items {
        for (let i = 0; i < items; i++) yield* channel.send(1);
      }
      return (items) => {
        const channel = new BareChannel(CAPACITY);
        let sum = 0;
        const consume = function* (): Items {
          for (let i = 0; i < items; i++) sum += yield* channel.receive();
        };
        runBare(produce(channel, items), consume());
        return sum;
      };
    },

    native: () => {
      // Neither side waits, and makes a promise, unless it has to.
      class Channel {
        readonly #items = Array.from({ length: CAPACITY }, () => 0);
        #head = 0;
        #size = 0;
        #receiver: ((item: number) => void) | undefined = undefined;
        #sender: (() => void) | undefined = undefined;

        send(item: number): Promise<void> | undefined {
          const receiver = this.#receiver;
          if (receiver !== undefined) {
            this.#receiver = undefined;
            receiver(item);
            return undefined;
          }
          if (this.#size < CAPACITY) {
            this.#put(item);
            return undefined;
          }
          return new Promise((resolve) => {
            this.#sender = () => {
              this.#put(item);
              resolve();
            };
          });
        }

        receive(): Promise<number> | number {
          if (this.#size === 0) return new Promise((resolve) => (this.#receiver = resolve));
          const item = this.#items[this.#head]!;
          this.#head = (this.#head + 1) % CAPACITY;
          this.#size--;
          const sender = this.#sender;
          if (sender !== undefined) {
            this.#sender = undefined;
            sender();
          }
          return item;
        }

        #put(item: number): void {
          this.#items[(this.#head + this.#size++) % CAPACITY] = item;
        }
      }
      const produce = async (channel: Channel, items: number) => {
        for (let i = 0; i < items; i++) await channel.send(1);
      };
      return async (items) => {
        const channel = new Channel();
        const producing = produce(channel, items);
        let sum = 0;
        for (let i = 0; i < items; i++) sum += await channel.receive();
        await producing;
        return sum;
      };
    },

    cede: async () => {
      const { Channel, coroutine, createTask, run } = await import("cede");
      const produce = coroutine(function* produce(
        channel: InstanceType<typeof Channel<number>>,
        items: number,
      ) {
        for (let i = 0; i < items; i++) yield* channel.send(1);
      });
      return (items) =>
        run(function* () {
          const channel = new Channel<number>(CAPACITY);
          const producing = createTask(produce(channel, items));
          let sum = 0;
          for (let i = 0; i < items; i++) sum += yield* channel.receive();
          yield* producing;
          return sum;
        });
    },

    ...present({
      effect: async () => {
        const { Effect, Fiber, Queue } = await peer<EffectModule>("effect");
        return (items) =>
          Effect.runPromise(
            Effect.gen(function* () {
              const queue = yield* Queue.bounded<number>(CAPACITY);
              const producing = yield* Effect.forkChild(
                Effect.gen(function* () {
                  for (let i = 0; i < items; i++) yield* Queue.offer(queue, 1);
                }),
              );
              let sum = 0;
              for (let i = 0; i < items; i++) sum += yield* Queue.take(queue);
              yield* Fiber.join(producing);
              return sum;
            }),
          );
      },

      // Its queues have no bound: sixteen at a time, so that it holds no more than the others.
      effection: async () => {
        const { createQueue, run, spawn } = await peer<EffectionModule>("effection");
        return (items) =>
          run(function* () {
            const queue = createQueue<number>();
            const asking = createQueue<number>();
            const producing = yield* spawn(function* () {
              for (let sent = 0; sent < items; sent += CAPACITY) {
                for (let i = 0; i < CAPACITY; i++) queue.add(1);
                yield* asking.next();
              }
            });
            let sum = 0;
            for (let i = 1; i <= items; i++) {
              sum += (yield* queue.next()).value;
              if (i % CAPACITY === 0) asking.add(i);
            }
            yield* producing;
            return sum;
          });
      },
    }),
  },
});
