/** The forms of GoBench's kernels (Yuan and others, "GoBench: a benchmark suite of real-world Go concurrency bugs", 2021). */
import { moveOnAfter, sleep, taskGroup } from "cede";
import {
  Channel,
  check,
  Mutex,
  RWMutex,
  threads,
  times,
  WaitGroup,
  type Bug,
  type Program,
} from "../support.ts";

const GOKER = "GoBench, GoKer: ";

/** Reads, and calls a function that takes the lock again, if what it read is of a certain kind. */
const doubleLock = (repaired: boolean): Program =>
  function* () {
    let failed = false;
    const lock = new Mutex();
    yield* threads(
      function* outputs() {
        yield* lock.lock();
        if (failed) {
          if (repaired) lock.unlock();
          yield* lock.lock(); // to exit, with all the rest written
        }
        lock.unlock();
      },
      function* fails() {
        yield;
        failed = true;
      },
    );
  };

const abBa = (repaired: boolean): Program =>
  function* () {
    const set = new Mutex("the set's lock");
    const device = new Mutex("the device's lock");
    yield* threads(
      function* deletes() {
        yield* set.with(() => device.with(function* () {}));
      },
      function* unmounts() {
        if (repaired) yield* set.with(() => device.with(function* () {}));
        else yield* device.with(() => set.with(function* () {}));
      },
      function* lists() {
        yield* set.with(function* () {});
      },
    );
  };

const missingUnlock = (repaired: boolean): Program =>
  function* () {
    const lock = new Mutex();
    let closed = false;
    const work = function* work() {
      for (let i = 0; i < 2; i++) {
        yield* lock.lock();
        if (closed) {
          if (repaired) lock.unlock();
          break; // out of the loop, with the lock
        }
        lock.unlock();
      }
    };
    yield* threads(work, work, function* closes() {
      yield;
      yield;
      closed = true;
    });
  };

/** Asks, and waits for the answer for so long; the answer then has no receiver. */
const abandonedSender = (repaired: boolean): Program =>
  function* () {
    const answers = new Channel<string>(repaired ? 1 : 0);
    yield* threads(
      function* handler() {
        yield* sleep(10);
        yield* answers.send("done");
      },
      function* request() {
        yield* moveOnAfter(10, () => answers.receive());
      },
    );
  };

/** Two are asked, and the first answer is taken; the other one has no receiver, unless it knows in time. */
const firstAnswer = (repaired: boolean): Program =>
  function* () {
    const answers = new Channel<number>(repaired ? 2 : 0);
    let answered = false;
    yield* threads(
      ...times(2, (n) => {
        return function* asks() {
          yield;
          if (!answered) yield* answers.send(n);
        };
      }),
      function* takes() {
        yield* answers.receive();
        answered = true;
      },
    );
  };

/** Sends with the lock held that the receiver takes before it receives. */
const sendUnderLock = (repaired: boolean): Program =>
  function* () {
    const lock = new Mutex();
    const updates = new Channel<string>(0);
    yield* threads(
      function* setsStatus() {
        yield* lock.lock();
        if (repaired) lock.unlock();
        yield* updates.send("ready");
        if (!repaired) lock.unlock();
      },
      function* syncs() {
        yield* lock.lock();
        lock.unlock();
        yield* updates.receive();
      },
    );
  };

const closedTwice = (repaired: boolean): Program =>
  function* () {
    const done = new Channel<void>(0);
    const stop = function* stop() {
      yield;
      if (done.closed) return;
      if (!repaired) yield;
      done.close();
    };
    yield* threads(stop, stop);
  };

const sendOnClosed = (repaired: boolean): Program =>
  function* () {
    const events = new Channel<number>(4);
    const producers = new WaitGroup();
    producers.add(2);
    const produce = function* produce() {
      if (!events.closed) yield* events.send(1);
      producers.done();
    };
    yield* threads(produce, produce, function* stops() {
      if (repaired) yield* producers.wait();
      else yield;
      events.close();
    });
  };

/** `add` in the tasks themselves: the one who waits may be there first. */
const addTooLate = (repaired: boolean): Program =>
  function* () {
    const group = new WaitGroup();
    let finished = 0;
    if (repaired) group.add(2);
    const work = function* work() {
      if (!repaired) group.add(1);
      yield;
      finished++;
      group.done();
    };
    yield* threads(work, work, function* waits() {
      yield* group.wait();
      check(finished === 2, `Only ${finished} have finished.`);
    });
  };

/** Waits for all before it lets the later ones begin. */
const waitInLoop =
  (repaired: boolean): Program =>
  () =>
    taskGroup(function* (tasks) {
      const group = new WaitGroup();
      let quick = false;
      tasks.createTask(function* decides() {
        yield;
        quick = true;
      });
      group.add(2);
      for (let n = 0; n < 2; n++) {
        tasks.createTask(function* removes() {
          yield;
          group.done();
        });
        yield;
        if (!repaired && quick && n === 0) yield* group.wait();
      }
      yield* group.wait();
    });

/** Reads while it reads already; a writer that came in between waits for the first, and the second for the writer. */
const readWriteRead = (repaired: boolean): Program =>
  function* () {
    const lock = new RWMutex();
    yield* threads(
      function* reads() {
        yield* lock.readLock();
        if (!repaired) {
          yield* lock.readLock(); // in a method that it calls
          lock.readUnlock();
        }
        lock.readUnlock();
      },
      function* writes() {
        yield* lock.writeLock();
        lock.writeUnlock();
      },
    );
  };

/** What is only read under the lock is written after a while, on the strength of what was read. */
const upgrade = (repaired: boolean): Program =>
  function* () {
    const lock = new RWMutex();
    const cache = new Map<string, number>();
    let made = 0;
    const get = function* get() {
      yield* lock.readLock();
      const there = cache.has("key");
      lock.readUnlock();
      if (there) return;
      yield* lock.writeLock();
      if (!repaired || !cache.has("key")) cache.set("key", ++made);
      lock.writeUnlock();
    };
    yield* threads(get, get);
    check(made === 1, `It was made ${made} times.`);
  };

/** Two that send to each other, each with room for one: who finds nothing to do sends two signs of life first. */
const fullChannels = (repaired: boolean): Program =>
  function* () {
    const there = new Channel<number>(1);
    const back = new Channel<number>(repaired ? 2 : 1);
    let begun = false;
    const twice = function* twice(channel: Channel<number>, send: boolean) {
      for (let i = 0; i < 2; i++) {
        if (send) yield* channel.send(i);
        else yield* channel.receive();
      }
    };
    yield* threads(
      function* client() {
        yield;
        begun = true;
        yield* twice(there, true);
        yield* twice(back, false);
      },
      function* server() {
        yield;
        const idle = !begun;
        if (!idle) yield* twice(there, false);
        yield* twice(back, true);
        if (idle) yield* twice(there, false);
      },
    );
  };

/** A loop variable that the tasks share. */
const sharedVariable = (repaired: boolean): Program =>
  function* () {
    const seen: number[] = [];
    let current = 0;
    yield* taskGroup(function* (group) {
      for (let n = 0; n < 2; n++) {
        current = n;
        const own = n;
        group.createTask(function* uses() {
          seen.push(repaired ? own : current);
        });
        yield;
      }
    });
    check(new Set(seen).size === 2, `Used ${seen.join()}.`);
  };

export const goBugs: Bug[] = [
  {
    name: "go-double-lock",
    source: `${GOKER}double locking (as in cockroach#9935)`,
    bug: "takes a lock that it holds, on the path of an error",
    program: doubleLock(false),
    repaired: doubleLock(true),
  },
  {
    name: "go-ab-ba",
    source: `${GOKER}AB-BA deadlock (as in moby#4951)`,
    bug: "two locks, taken in two orders",
    program: abBa(false),
    repaired: abBa(true),
  },
  {
    name: "go-missing-unlock",
    source: `${GOKER}missing unlock (as in cockroach#584)`,
    bug: "leaves a loop with the lock held",
    program: missingUnlock(false),
    repaired: missingUnlock(true),
  },
  {
    name: "go-abandoned-sender",
    source: `${GOKER}communication deadlock (as in kubernetes#5316)`,
    bug: "an answer that comes with the timeout has no receiver, and its sender waits for ever",
    program: abandonedSender(false),
    repaired: abandonedSender(true),
  },
  {
    name: "go-first-answer",
    source: `${GOKER}communication deadlock, too little room in a channel`,
    bug: "an answer too many has no receiver, and its sender waits for ever",
    program: firstAnswer(false),
    repaired: firstAnswer(true),
  },
  {
    name: "go-send-under-lock",
    source: `${GOKER}mixed deadlock (as in kubernetes#10182)`,
    bug: "sends with the lock held that the receiver needs before it receives",
    program: sendUnderLock(false),
    repaired: sendUnderLock(true),
  },
  {
    name: "go-closed-twice",
    source: `${GOKER}channel misuse, closed twice`,
    bug: "looks whether the channel is closed, and closes it a moment later",
    program: closedTwice(false),
    repaired: closedTwice(true),
  },
  {
    name: "go-send-on-closed",
    source: `${GOKER}channel misuse, sent on a closed one`,
    bug: "closes a channel that others still send to",
    program: sendOnClosed(false),
    repaired: sendOnClosed(true),
  },
  {
    name: "go-add-too-late",
    source: `${GOKER}misuse of WaitGroup, order`,
    bug: "the one who waits finds nobody to wait for yet",
    program: addTooLate(false),
    repaired: addTooLate(true),
  },
  {
    name: "go-wait-in-loop",
    source: `${GOKER}misuse of WaitGroup (as in moby#25384)`,
    bug: "waits for all, those too that it has yet to start",
    program: waitInLoop(false),
    repaired: waitInLoop(true),
  },
  {
    name: "go-read-write-read",
    source: `${GOKER}RWR deadlock (as in cockroach#6181, kubernetes#58107)`,
    bug: "reads again while it reads, with a writer waiting in between",
    program: readWriteRead(false),
    repaired: readWriteRead(true),
  },
  {
    name: "go-upgrade",
    source: `${GOKER}atomicity violation with RWMutex`,
    bug: "writes on the strength of what was read before the lock was changed",
    program: upgrade(false),
    repaired: upgrade(true),
  },
  {
    name: "go-full-channels",
    source: `${GOKER}communication deadlock, in a circle`,
    bug: "two that send to each other and do not receive meanwhile",
    program: fullChannels(false),
    repaired: fullChannels(true),
  },
  {
    name: "go-shared-variable",
    source: `${GOKER}anonymous function (a loop variable)`,
    bug: "tasks share the variable of the loop that started them",
    program: sharedVariable(false),
    repaired: sharedVariable(true),
  },
];
