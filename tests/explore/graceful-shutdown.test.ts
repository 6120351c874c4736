/** A graceful shutdown in every order of small programs, and in many orders of bigger ones. */
import { describe, test } from "vitest";
import {
  Channel,
  createTask,
  Event,
  gracefulShutdown,
  runningLoop,
  shield,
  sleep,
  taskGroup,
  type Awaitable,
  type Shutdown,
  type ShutdownResult,
} from "../../src/index.ts";
import { everyOrder, finished, randomSchedules, same, steps } from "../support/explored.ts";

const now = (): number => runningLoop().time();

/** Takes requests, and works on each in a task of its own. What becomes of each is noted, and what it must be. */
class Server {
  readonly #requests = new Channel<() => Awaitable<unknown>>(Infinity);
  readonly #grace: number;
  readonly #stop = new Event();
  #sent = 0;
  #finished = 0;
  /** When each was cut. */
  readonly #cuts: number[] = [];
  #takenLate = 0;
  #open = 0;
  #stopped = Infinity;
  /** How it has ended, and when; without that, it was cancelled. */
  #result: ShutdownResult<string> | undefined;
  #ended = 0;

  constructor(grace: number) {
    this.#grace = grace;
  }

  request(work: () => Awaitable<unknown>): void {
    this.#sent++;
    this.#requests.trySend(work);
  }

  stop(): void {
    if (!this.#stop.isSet) this.#stopped = now();
    this.#stop.set();
  }

  *serve(): Awaitable<void> {
    this.#result = yield* gracefulShutdown(this.#stop.wait(), (shutdown) => this.#body(shutdown), {
      grace: this.#grace,
    });
    this.#ended = now();
  }

  *#body(shutdown: Shutdown): Awaitable<string> {
    const server = this;
    yield* taskGroup(function* (group) {
      const { cancelled } = yield* shutdown.intake(function* () {
        for (;;) {
          const work = yield* server.#requests.receive();
          if (shutdown.begun) server.#takenLate++;
          group.createTask(server.#handle(work), { start: "always" });
        }
      });
      same([cancelled, shutdown.begun], [true, true]);
      const late = yield* shutdown.intake(() => server.#requests.receive());
      same(late.cancelled, true);
    });
    return "value";
  }

  #handle(work: () => Awaitable<unknown>): () => Awaitable<void> {
    const server = this;
    return function* handle() {
      server.#open++;
      let cut = true;
      try {
        yield* work();
        cut = false;
      } finally {
        if (cut) server.#cuts.push(now());
        else server.#finished++;
        yield* shield(steps(2));
        server.#open--;
      }
    };
  }

  /** After the end. `cancelled`: from outside, and when. */
  check(cancelled?: number): void {
    const [left, finished, cuts] = [this.#requests.statistics.size, this.#finished, this.#cuts];
    same(this.#sent, left + finished + cuts.length);
    same(this.#open, 0);
    same(this.#requests.statistics.waitingReceivers, 0);
    // It was given that one before the end came.
    same(this.#takenLate <= 1, true);
    const [due, result] = [this.#stopped + this.#grace, this.#result];
    if (result === undefined) {
      same(
        cuts.filter((at) => at !== cancelled && at !== due),
        [],
      );
      return;
    }
    same(this.#stopped <= this.#ended && this.#ended <= due, true);
    if (result.drained) {
      same([result.value, cuts], ["value", []]);
    } else {
      same([result.value, this.#ended], [undefined, due]);
      same(
        cuts.filter((at) => at !== due),
        [],
      );
    }
  }
}

const short = steps(2);

/** Sends two requests, each of which takes a step, and then tells it to end, after so many steps each time. */
function* briefly(server: Server, pause: number): Awaitable<void> {
  for (let n = 0; n < 2; n++) {
    server.request(short);
    yield* steps(pause)();
  }
  server.stop();
}

// A step more for each has fifty thousand orders.
const isLong = process.env["CEDE_LONG"] !== undefined;

describe("every order", () => {
  test.each(isLong ? [1, 2] : [1])(
    "of two requests, and of the end, %i steps apart",
    { timeout: 60_000 },
    (pause) =>
      everyOrder(function* () {
        const server = new Server(Infinity);
        createTask(() => briefly(server, pause));
        yield* server.serve();
        server.check();
      }, 100_000),
  );

  test.each([0, 1, 2])("of requests that take 1 ms, 2 ms, and of a grace of %i ms", (grace) =>
    everyOrder(function* () {
      const server = new Server(grace);
      for (const ms of [1, 2]) server.request(() => sleep(ms));
      createTask(function* stopper() {
        yield* sleep(1);
        server.stop();
      });
      yield* server.serve();
      server.check();
    }),
  );

  test.each([0, 1])("of the end, and of a cancellation from outside, with a grace of %i ms", (grace) =>
    everyOrder(function* () {
      const server = new Server(grace);
      const serving = createTask(() => server.serve());
      server.request(() => sleep(1));
      createTask(function* stopper() {
        yield;
        server.stop();
      });
      yield;
      void serving.cancel();
      const at = now();
      yield* finished([serving]);
      server.check(at);
    }),
  );
});

test(
  "in many orders of random programs nothing is lost, and all is closed",
  { timeout: 60_000 },
  async () => {
    await randomSchedules(function* (draw) {
      const server = new Server(draw(4));
      const serving = createTask(() => server.serve());
      const clients = [0, 1].map(() =>
        createTask(function* () {
          for (let n = draw(4); n > 0; n--) {
            const [step, ms] = [draw(3), draw(5)];
            server.request(draw(2) === 0 ? steps(step) : () => sleep(ms));
            if (draw(2) === 0) yield;
            else yield* sleep(draw(3));
          }
        }),
      );
      yield* sleep(draw(4));
      for (let n = draw(4); n > 0; n--) yield;
      server.stop();
      if (draw(3) === 0) {
        yield* sleep(draw(4));
        void serving.cancel();
      }
      const at = now();
      yield* finished([serving, ...clients]);
      server.check(at);
    });
  },
);
