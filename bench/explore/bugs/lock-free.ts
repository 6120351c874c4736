/** Programs that do without locks, or nearly: the driver, the work-stealing queue and the stack of the literature. */
import { check, Event, Mutex, threads, times, type Bug, type Program } from "../support.ts";

/** Requests are counted, so that the driver stops after the last one. A request looks whether it may, and is counted then. */
const bluetoothDriver = (adders: number, repaired: boolean): Program =>
  function* () {
    let stopping = false;
    let stopped = false;
    let pending = 1;
    const nobodyLeft = new Event();
    const leave = (): void => {
      if (--pending === 0) nobodyLeft.set();
    };
    const request = function* request() {
      yield;
      if (repaired) pending++;
      if (stopping) {
        if (repaired) leave();
        return;
      }
      yield;
      if (!repaired) pending++;
      yield;
      check(!stopped, "A request runs in a driver that has stopped.");
      yield;
      leave();
    };
    yield* threads(...times(adders, () => request), function* stop() {
      yield;
      stopping = true;
      yield;
      leave();
      yield* nobodyLeft.wait();
      stopped = true;
    });
  };

type Mistake = "none" | "owner reads first" | "thieves without a lock";

/** Its owner puts items on and takes them off at the end; thieves take them from the beginning (Cilk's protocol). */
class StealingQueue {
  readonly #items: number[] = [];
  readonly #lock = new Mutex();
  readonly #mistake: Mistake;
  #head = 0;
  #tail = 0;

  constructor(mistake: Mistake) {
    this.#mistake = mistake;
  }

  *push(item: number) {
    this.#items[this.#tail] = item;
    yield;
    this.#tail++;
  }

  *pop() {
    const last = this.#tail - 1;
    if (last < 0) return null;
    let head: number;
    if (this.#mistake === "owner reads first") {
      yield;
      head = this.#head;
      yield;
      this.#tail = last;
    } else {
      yield;
      this.#tail = last;
      yield;
      head = this.#head;
    }
    if (head <= last) return this.#items[last]!;
    this.#tail = last + 1; // a thief may be at the same item: who has the lock decides
    yield* this.#lock.lock();
    this.#tail = last;
    yield;
    const lost = this.#head > last;
    if (lost) this.#tail = last + 1;
    this.#lock.unlock();
    return lost ? null : this.#items[last]!;
  }

  *steal() {
    const locked = this.#mistake !== "thieves without a lock";
    if (locked) yield* this.#lock.lock();
    yield;
    const head = this.#head;
    yield;
    this.#head = head + 1;
    yield;
    const lost = head + 1 > this.#tail;
    if (lost) this.#head = head;
    if (locked) this.#lock.unlock();
    return lost ? null : this.#items[head]!;
  }
}

const workStealing = (thieves: number, items: number, mistake: Mistake): Program =>
  function* () {
    const queue = new StealingQueue(mistake);
    const taken = times(items, () => 0);
    const took = (item: number | null): void => {
      if (item !== null) taken[item]!++;
    };
    yield* threads(
      function* owner() {
        for (let item = 0; item < items; item++) yield* queue.push(item);
        for (let i = 0; i < items; i++) took(yield* queue.pop());
      },
      ...times(thieves, () => {
        return function* thief() {
          for (let i = 0; i < 2; i++) took(yield* queue.steal());
        };
      }),
    );
    check(
      taken.every((count) => count <= 1),
      `Taken so many times: ${taken.join()}.`,
    );
  };

/** A stack in an array, whose top is compared and exchanged: between the two, the same element may be back there. */
const stackAba = (repaired: boolean): Program =>
  function* () {
    const next = [1, 2, -1];
    let top = 0;
    let version = 0;
    const owners = [0, 0, 0];
    const pop = function* pop() {
      for (;;) {
        yield;
        const seen = top;
        const seenVersion = version;
        if (seen < 0) return -1;
        yield;
        const after = next[seen]!;
        yield;
        if (top === seen && (!repaired || version === seenVersion)) {
          top = after;
          version++;
          check(++owners[seen]! === 1, `Element ${seen} has two owners.`);
          return seen;
        }
      }
    };
    const push = function* push(element: number) {
      owners[element]!--;
      for (;;) {
        yield;
        const seen = top;
        next[element] = seen;
        yield;
        if (top === seen) {
          top = element;
          version++;
          return;
        }
      }
    };
    yield* threads(
      function* popsOnce() {
        yield* pop();
        yield* pop();
      },
      function* givesBack() {
        const first = yield* pop();
        yield* pop();
        if (first >= 0) yield* push(first);
      },
    );
  };

/** Vyukov's stack: no tool of that study found its mistake, which needs five preemptions of three threads. */
const safeStack: Program = function* () {
  const next = [1, 2, -1];
  const values = [0, 0, 0];
  let head = 0;
  let count = 3;
  const pop = function* pop() {
    for (;;) {
      yield;
      if (count <= 1) return -1;
      yield;
      const seen = head;
      yield;
      const after = next[seen]!;
      next[seen] = -1;
      if (after < 0) continue;
      yield;
      if (head === seen) {
        head = after;
        yield;
        count--;
        return seen;
      }
      yield;
      next[seen] = after;
    }
  };
  const push = function* push(element: number) {
    for (;;) {
      yield;
      const seen = head;
      yield;
      next[element] = seen;
      yield;
      if (head !== seen) continue;
      head = element;
      yield;
      count++;
      return;
    }
  };
  yield* threads(
    ...times(3, (me) => {
      return function* user() {
        for (let i = 0; i < 2; i++) {
          const element = yield* pop();
          if (element < 0) continue;
          values[element] = me;
          yield;
          check(values[element] === me, `Element ${element} has two owners.`);
          yield* push(element);
        }
      };
    }),
  );
};

export const lockFreeBugs: Bug[] = [
  {
    name: "bluetooth-driver",
    source: "SCTBench CS.bluetooth_driver_bad (Qadeer, Wu, “KISS”, 2004)",
    bug: "a request is counted only after it has seen that the driver is not stopping",
    program: bluetoothDriver(1, false),
    repaired: bluetoothDriver(1, true),
  },
  {
    name: "bluetooth-driver-3",
    source: "the same with three requests",
    bug: "the same",
    program: bluetoothDriver(3, false),
    repaired: bluetoothDriver(3, true),
  },
  {
    name: "work-stealing-queue",
    source: "SCTBench CHESS.WSQ (Musuvathi and Qadeer, 2007; Frigo and others, Cilk, 1998)",
    bug: "the owner reads the head before it writes the tail: the last item is taken twice",
    program: workStealing(1, 2, "owner reads first"),
    repaired: workStealing(1, 2, "none"),
  },
  {
    name: "work-stealing-queue-thieves",
    source: "SCTBench CHESS.StateWSQ (as above), with another mistake",
    bug: "two thieves do not keep each other out",
    program: workStealing(2, 3, "thieves without a lock"),
    repaired: workStealing(2, 3, "none"),
  },
  {
    name: "stack-aba",
    source: "the ABA problem (IBM System/370 Principles of Operation, 1983; Michael, 2004)",
    bug: "an element that was taken and came back is taken for one that was always there",
    program: stackAba(false),
    repaired: stackAba(true),
  },
];

/** What is known to be beyond such searches: measured, and no bar. */
export const beyond: Bug[] = [
  {
    name: "safestack",
    source: "SCTBench misc.safestack (Vyukov, 2010)",
    bug: "an element that came back is taken for one that was always there, by the third thread",
    program: safeStack,
  },
];
