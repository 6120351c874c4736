/** Programs over the locks and channels of this benchmark that hold in every order: pipelines, pools, cancellations. */
import { moveOnAfter, sleep, taskGroup } from "cede";
import {
  Channel,
  check,
  Event,
  Mutex,
  RWMutex,
  Semaphore,
  threads,
  times,
  WaitGroup,
  type Correct,
} from "../support.ts";

export const primitives: Correct[] = [
  {
    name: "a pipeline through channels without room",
    program: function* () {
      const first = new Channel<number>(0);
      const second = new Channel<number>(0);
      let sum = 0;
      yield* threads(
        function* produces() {
          for (let n = 1; n <= 3; n++) yield* first.send(n);
          first.close();
        },
        function* doubles() {
          for (let n = yield* first.receive(); n !== undefined; n = yield* first.receive())
            yield* second.send(n * 2);
          second.close();
        },
        function* adds() {
          for (let n = yield* second.receive(); n !== undefined; n = yield* second.receive()) sum += n;
        },
      );
      check(sum === 12, `The sum is ${sum}.`);
    },
  },
  {
    name: "workers that share a channel take each item once",
    program: function* () {
      const jobs = new Channel<number>(2);
      const done: number[] = [];
      yield* threads(
        function* gives() {
          for (let n = 0; n < 4; n++) yield* jobs.send(n);
          jobs.close();
        },
        ...times(2, () => {
          return function* works() {
            for (let n = yield* jobs.receive(); n !== undefined; n = yield* jobs.receive()) {
              yield;
              done.push(n);
            }
          };
        }),
      );
      check(done.toSorted((a, b) => a - b).join() === "0,1,2,3", done.join());
    },
  },
  {
    name: "a semaphore lets in as many as it has permits",
    program: function* () {
      const semaphore = new Semaphore(2);
      let inside = 0;
      yield* threads(
        ...times(4, () => {
          return function* enters() {
            yield* semaphore.acquire();
            check(++inside <= 2, `${inside} are inside.`);
            yield;
            inside--;
            semaphore.release();
          };
        }),
      );
      check(semaphore.permits === 2, `${semaphore.permits} permits are left.`);
    },
  },
  {
    name: "a permit is never lost to a cancellation",
    program: function* () {
      const semaphore = new Semaphore(1);
      yield* taskGroup(function* (group) {
        const tasks = times(3, () =>
          group.createTask(function* () {
            yield* semaphore.acquire();
            try {
              yield;
            } finally {
              semaphore.release();
            }
          }),
        );
        group.createTask(function* () {
          yield;
          void tasks[1]!.cancel();
          yield;
          void tasks[0]!.cancel();
        });
      });
      check(semaphore.permits === 1, `${semaphore.permits} permits are left.`);
    },
  },
  {
    name: "a lock is never lost to a timeout",
    program: function* () {
      const lock = new Mutex();
      yield* threads(
        ...times(3, (n) => {
          return function* uses() {
            yield* moveOnAfter(2 + n, () => lock.with(() => sleep(2)));
          };
        }),
      );
      check(!lock.locked, "The lock is held.");
    },
  },
  {
    name: "readers see what one writer has written",
    program: function* () {
      const lock = new RWMutex();
      let a = 0;
      let b = 0;
      const read = function* read() {
        yield* lock.readLock();
        const seen = a;
        yield;
        check(seen === b, `${seen} and ${b}.`);
        lock.readUnlock();
      };
      yield* threads(read, read, function* write() {
        for (let n = 0; n < 2; n++) {
          yield* lock.writeLock();
          a++;
          yield;
          b++;
          lock.writeUnlock();
        }
      });
    },
  },
  {
    name: "an event lets everybody go on, and is not missed",
    program: function* () {
      const event = new Event();
      let value = 0;
      const wait = function* wait() {
        yield* event.wait();
        check(value === 1, "Too early.");
      };
      yield* threads(wait, wait, function* sets() {
        yield;
        value = 1;
        event.set();
      });
    },
  },
  {
    name: "a wait group waits for those who were added before",
    program: function* () {
      const group = new WaitGroup();
      let done = 0;
      group.add(3);
      yield* threads(
        ...times(3, () => {
          return function* works() {
            yield;
            done++;
            group.done();
          };
        }),
        function* waits() {
          yield* group.wait();
          check(done === 3, `${done} are done.`);
        },
      );
    },
  },
];
