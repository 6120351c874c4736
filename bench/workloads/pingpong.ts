import { BareChannel, runBare } from "../harness/bare-loop.ts";
import { peer, present, type EffectionModule, type EffectModule } from "../harness/peers.ts";
import { timed, type Workload } from "../harness/workload.ts";

/** Two tasks that hand one number to each other: every operation is a handing over, and a switch. */
export const pingpong: Workload = timed({
  about: "hand a number over, to and fro between two tasks, through two channels without room",
  size: 400_000,
  sizes: { effect: 40_000, effection: 40_000 },
  checksum: (hands) => hands / 2,
  systems: {
    bare: () => {
      type Hands = Generator<symbol, void>;
      function* pong(there: BareChannel, back: BareChannel, rounds: number): Hands {
        for (let i = 0; i < rounds; i++) yield* back.send((yield* there.receive()) + 1);
      }
      return (hands) => {
        const there = new BareChannel(0);
        const back = new BareChannel(0);
        const rounds = hands / 2;
        let n = 0;
        const ping = function* (): Hands {
          for (let i = 0; i < rounds; i++) {
            yield* there.send(n);
            n = yield* back.receive();
          }
        };
        runBare(ping(), pong(there, back, rounds));
        return n;
      };
    },

    native: () => {
      // As the other's: whoever sends waits for a receiver, and makes a promise only then.
      class Channel {
        #receiver: ((item: number) => void) | undefined = undefined;
        #sender: (() => number) | undefined = undefined;

        send(item: number): Promise<void> | undefined {
          const receiver = this.#receiver;
          if (receiver !== undefined) {
            this.#receiver = undefined;
            receiver(item);
            return undefined;
          }
          return new Promise((resolve) => {
            this.#sender = () => {
              resolve();
              return item;
            };
          });
        }

        receive(): Promise<number> | number {
          const sender = this.#sender;
          if (sender === undefined) return new Promise((resolve) => (this.#receiver = resolve));
          this.#sender = undefined;
          return sender();
        }
      }
      return async (hands) => {
        const there = new Channel();
        const back = new Channel();
        const rounds = hands / 2;
        const pong = async () => {
          for (let i = 0; i < rounds; i++) await back.send((await there.receive()) + 1);
        };
        const ponging = pong();
        let n = 0;
        for (let i = 0; i < rounds; i++) {
          there.send(n);
          n = await back.receive();
        }
        await ponging;
        return n;
      };
    },

    cede: async () => {
      const { Channel, coroutine, createTask, run } = await import("cede");
      type Numbers = InstanceType<typeof Channel<number>>;
      const pong = coroutine(function* pong(there: Numbers, back: Numbers, rounds: number) {
        for (let i = 0; i < rounds; i++) yield* back.send((yield* there.receive()) + 1);
      });
      return (hands) =>
        run(function* () {
          const there = new Channel<number>(0);
          const back = new Channel<number>(0);
          const rounds = hands / 2;
          const ponging = createTask(pong(there, back, rounds));
          let n = 0;
          for (let i = 0; i < rounds; i++) {
            yield* there.send(n);
            n = yield* back.receive();
          }
          yield* ponging;
          return n;
        });
    },

    ...present({
      effect: async () => {
        const { Effect, Fiber, Queue } = await peer<EffectModule>("effect");
        return (hands) =>
          Effect.runPromise(
            Effect.gen(function* () {
              const there = yield* Queue.bounded<number>(1); // with 0 it hands nothing over
              const back = yield* Queue.bounded<number>(1);
              const rounds = hands / 2;
              const pong = Effect.gen(function* () {
                for (let i = 0; i < rounds; i++) yield* Queue.offer(back, (yield* Queue.take(there)) + 1);
              });
              const ponging = yield* Effect.forkChild(pong);
              let n = 0;
              for (let i = 0; i < rounds; i++) {
                yield* Queue.offer(there, n);
                n = yield* Queue.take(back);
              }
              yield* Fiber.join(ponging);
              return n;
            }),
          );
      },

      // Its queues have no bound, so whoever sends waits for nobody.
      effection: async () => {
        const { createQueue, run, spawn } = await peer<EffectionModule>("effection");
        return (hands) =>
          run(function* () {
            const there = createQueue<number>();
            const back = createQueue<number>();
            const rounds = hands / 2;
            const ponging = yield* spawn(function* () {
              for (let i = 0; i < rounds; i++) back.add((yield* there.next()).value + 1);
            });
            let n = 0;
            for (let i = 0; i < rounds; i++) {
              there.add(n);
              n = (yield* back.next()).value;
            }
            yield* ponging;
            return n;
          });
      },
    }),
  },
});
