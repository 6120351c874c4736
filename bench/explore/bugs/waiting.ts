/** Mistakes with waits: conditions, semaphores, events, and what a cancellation does to those. */
import { currentTask, moveOnAfter, sleep, taskGroup, type Awaitable } from "cede";
import { park, type ParkedWait } from "cede/lowlevel";
import {
  check,
  Condition,
  Event,
  Mutex,
  Semaphore,
  threads,
  times,
  type Bug,
  type Program,
} from "../support.ts";

/** One producer and two consumers of a buffer of one item. */
const boundedBuffer = (repaired: boolean): Program =>
  function* () {
    const items: number[] = [];
    const lock = new Mutex();
    const filled = new Condition("an item");
    const consume = function* consume() {
      yield* lock.lock();
      if (repaired) while (items.length === 0) yield* filled.wait(lock);
      else if (items.length === 0) yield* filled.wait(lock);
      check(items.shift() !== undefined, "Took an item from an empty buffer.");
      lock.unlock();
    };
    const produce = function* produce() {
      yield* lock.lock();
      items.push(1);
      filled.signal();
      lock.unlock();
    };
    yield* threads(consume, consume, produce, produce);
  };

/** Producers and consumers wait on one condition, and each wakes one of whatever kind. */
const oneCondition = (repaired: boolean): Program =>
  function* () {
    let items = 0;
    const lock = new Mutex();
    const changed = new Condition("a change");
    const tell = (): void => (repaired ? changed.broadcast() : changed.signal());
    const produce = function* produce() {
      yield* lock.lock();
      while (items === 1) yield* changed.wait(lock);
      items++;
      tell();
      lock.unlock();
    };
    const consume = function* consume() {
      yield* lock.lock();
      while (items === 0) yield* changed.wait(lock);
      items--;
      tell();
      lock.unlock();
    };
    yield* threads(consume, consume, produce, produce);
  };

/** Looks outside the lock whether it has to wait: the signal comes in between. */
const missedSignal = (repaired: boolean): Program =>
  function* () {
    let ready = false;
    const lock = new Mutex();
    const condition = new Condition("the signal");
    yield* threads(
      function* waits() {
        if (repaired) {
          yield* lock.lock();
          while (!ready) yield* condition.wait(lock);
          lock.unlock();
        } else if (!ready) {
          yield* lock.lock();
          yield* condition.wait(lock);
          lock.unlock();
        }
      },
      function* signals() {
        yield* lock.lock();
        ready = true;
        condition.signal();
        lock.unlock();
      },
    );
  };

/**
 * A semaphore that wakes the first who waits, and lets it take the permit when it runs. Who is cancelled between the
 * two does not pass the wake-up on.
 */
class WakingSemaphore {
  #permits: number;
  readonly #waiting: ParkedWait<void>[] = [];
  readonly #passesOn: boolean;

  constructor(permits: number, passesOn: boolean) {
    this.#permits = permits;
    this.#passesOn = passesOn;
  }

  *acquire(): Awaitable<void> {
    while (this.#permits === 0) {
      yield* park<void>({ label: "a permit", external: false }, (wait) => {
        this.#waiting.push(wait);
        return () => {
          const at = this.#waiting.indexOf(wait);
          if (at >= 0) this.#waiting.splice(at, 1);
        };
      });
      let goesOn = false;
      try {
        yield; // it was woken; what it was woken for is still to be taken
        goesOn = true;
      } finally {
        if (!goesOn && this.#passesOn) this.#wakeOne();
      }
    }
    this.#permits--;
  }

  release(): void {
    this.#permits++;
    this.#wakeOne();
  }

  #wakeOne(): void {
    while (this.#permits > 0) {
      const first = this.#waiting.shift();
      if (first === undefined || first.complete()) return;
    }
  }
}

const lostPermit =
  (repaired: boolean): Program =>
  () =>
    taskGroup(function* (group) {
      const semaphore = new WakingSemaphore(1, repaired);
      const user = function* user() {
        yield* semaphore.acquire();
        try {
          yield;
        } finally {
          semaphore.release();
        }
      };
      group.createTask(user, { name: "first" });
      const second = group.createTask(user, { name: "second" });
      group.createTask(user, { name: "third" });
      yield;
      yield;
      void second.cancel();
    });

/** A permit is taken, and put down in the `finally` of what comes a moment later. */
const leakedPermit = (repaired: boolean): Program =>
  function* () {
    const semaphore = new Semaphore(1);
    yield* taskGroup(function* (group) {
      const task = group.createTask(function* user() {
        yield* semaphore.acquire();
        if (!repaired) yield; // it writes a line to a log, say
        try {
          yield;
        } finally {
          semaphore.release();
        }
      });
      yield;
      yield;
      void task.cancel();
    });
    check(semaphore.permits === 1, "The permit is lost.");
  };

/** Whoever hands something over forgets that the one who waits may be cancelled. */
const lostItem = (repaired: boolean): Program =>
  function* () {
    let waiting: ParkedWait<number> | null = null;
    const put: number[] = [];
    const received: number[] = [];
    yield* taskGroup(function* (group) {
      const receiver = group.createTask(function* receives() {
        yield;
        received.push(
          yield* park<number>({ label: "an item", external: false }, (wait) => {
            waiting = wait;
            return () => {
              waiting = null;
            };
          }),
        );
      });
      group.createTask(function* sends() {
        yield;
        yield;
        if (waiting === null) put.push(1);
        else if (!waiting.complete(1) && repaired) put.push(1);
      });
      group.createTask(function* cancels() {
        yield;
        yield;
        yield;
        void receiver.cancel();
      });
    });
    check(put.length + received.length === 1, "The item is lost.");
  };

/** Two limits at the same moment, and only one order of them is thought of. */
const equalDeadlines = (repaired: boolean): Program =>
  function* () {
    let answer: string | null = null;
    let late = false;
    yield* threads(
      function* asks() {
        yield* moveOnAfter(10, function* () {
          yield* sleep(repaired ? 11 : 10);
          answer = "the default";
        });
      },
      function* answers() {
        yield* sleep(10);
        if (answer !== null) late = true;
      },
    );
    check(!late, "The answer came after the default was taken.");
  };

/** Something is started before what it needs is there. */
const orderViolation = (repaired: boolean): Program =>
  function* () {
    let connection: { readonly open: boolean } | null = null;
    const connected = new Event();
    yield* threads(
      function* connects() {
        yield;
        connection = { open: true };
        connected.set();
      },
      function* uses() {
        if (repaired) yield* connected.wait();
        else for (let i = 0; i < 3; i++) yield; // "long enough"
        check(connection !== null, "There is no connection yet.");
      },
    );
  };

/** Made once, when it is first needed: the first who needs it lets others pass before it has written it down. */
const lazyOnce = (repaired: boolean): Program =>
  function* () {
    let value: object | null = null;
    let made = 0;
    const lock = new Mutex();
    const get = function* get() {
      yield;
      if (value !== null) return;
      yield* lock.lock();
      if (!repaired || value === null) {
        made++;
        yield;
        value = {};
      }
      lock.unlock();
    };
    yield* threads(get, get);
    check(made === 1, `It was made ${made} times.`);
  };

/** A barrier for three that is used twice: who is fast passes the second time while others have not left the first. */
const barrier = (repaired: boolean): Program =>
  function* () {
    const parties = 2;
    let arrived = 0;
    let round = 0;
    const lock = new Mutex();
    const all = new Condition("the others");
    const pass = function* pass() {
      yield* lock.lock();
      const mine = round;
      if (++arrived === parties) {
        round++;
        if (repaired) arrived = 0;
        all.broadcast();
      }
      if (repaired) while (round === mine) yield* all.wait(lock);
      else while (arrived < parties) yield* all.wait(lock);
      if (!repaired && round > mine && arrived >= parties) arrived = 0; // the first one out begins anew
      lock.unlock();
    };
    const phases = times(parties, () => 0);
    yield* threads(
      ...times(parties, (me) => {
        return function* party() {
          for (let phase = 1; phase <= 2; phase++) {
            phases[me] = phase;
            yield* pass();
            check(
              phases.every((other) => other >= phase),
              `${currentTask()!.name} is a phase ahead.`,
            );
          }
        };
      }),
    );
  };

export const waitingBugs: Bug[] = [
  {
    name: "bounded-buffer-if",
    source: "Mesa monitors (Lampson, Redell, 1980); SCTBench inspect.boundedBuffer",
    bug: "`if` in the place of `while` around a wait",
    program: boundedBuffer(false),
    repaired: boundedBuffer(true),
  },
  {
    name: "one-condition",
    source: "SCTBench inspect.bbuf; “notify instead of notifyAll” (Farchi, Nir, Ur, 2003)",
    bug: "a signal wakes one of the wrong kind, which goes on waiting",
    program: oneCondition(false),
    repaired: oneCondition(true),
  },
  {
    name: "missed-signal",
    source: "“lost notify” (Farchi, Nir, Ur, “Concurrent bug patterns”, 2003)",
    bug: "looks outside the lock whether it has to wait",
    program: missedSignal(false),
    repaired: missedSignal(true),
  },
  {
    name: "semaphore-lost-wakeup",
    source: "the form of asyncio.Semaphore's mistake (CPython 3.10)",
    bug: "who is cancelled after it was woken does not wake the next one",
    program: lostPermit(false),
    repaired: lostPermit(true),
  },
  {
    name: "permit-leaked",
    source: "leaks at cancellation (trio's and asyncio's documentation of `finally`)",
    bug: "a point where it may be cancelled between taking a permit and the `try`",
    program: leakedPermit(false),
    repaired: leakedPermit(true),
  },
  {
    name: "item-lost",
    source: "asyncio.Queue's and wait_for's mistakes of that form (CPython 3.7 to 3.11)",
    bug: "an item is handed to a wait that was cancelled",
    program: lostItem(false),
    repaired: lostItem(true),
  },
  {
    name: "equal-deadlines",
    source: "GoBench, timers (Yuan and others, 2021), in virtual time",
    bug: "two deadlines at the same moment, and only one order was thought of",
    program: equalDeadlines(false),
    repaired: equalDeadlines(true),
  },
  {
    name: "order-violation",
    source: "order violations (Lu, Park, Seo, Zhou, “Learning from mistakes”, 2008)",
    bug: "uses after a while what may not be there yet",
    program: orderViolation(false),
    repaired: orderViolation(true),
  },
  {
    name: "lazy-once",
    source: "“double-checked locking” (Farchi, Nir, Ur, 2003)",
    bug: "does not look again once it has the lock",
    program: lazyOnce(false),
    repaired: lazyOnce(true),
  },
  {
    name: "barrier-reuse",
    source: "SCTBench parsec.streamcluster (its barrier)",
    bug: "a barrier that is used again before everybody has left it",
    program: barrier(false),
    repaired: barrier(true),
  },
];
