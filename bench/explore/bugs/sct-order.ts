/** Of SCTBench, the suite "CS": what relies on an order that nobody sees to. */
import { check, Condition, Mutex, staggered, threads, times, type Bug, type Program } from "../support.ts";

const CS = "SCTBench (Thomson, Donaldson, Betts, 2014), CS.";

/** Adds one and two, and believes that a third one comes before. */
const lazy01 = (repaired: boolean): Program =>
  function* () {
    let data = 0;
    const lock = new Mutex();
    const add = (amount: number) =>
      function* add() {
        yield* lock.lock();
        data += amount;
        lock.unlock();
      };
    yield* threads(add(1), add(2), function* checks() {
      yield* lock.lock();
      if (!repaired) check(data < 3, "Both were faster.");
      lock.unlock();
    });
    check(data === 3, `Together ${data}.`);
  };

/** All but one set two values, in this order; the last one looks whether it finds one without the other. */
const reorder = (count: number, start: typeof threads, repaired: boolean): Program =>
  function* () {
    let a = 0;
    let b = 0;
    const set = function* set() {
      yield;
      a = 1;
      if (!repaired) yield;
      b = -1;
    };
    yield* start(...times(count - 1, () => set), function* looks() {
      yield;
      const seen = a; // both in one step: what is looked for is a moment between the writes
      check((seen === 0 && b === 0) || (seen === 1 && b === -1), `Found ${seen} and ${b}.`);
    });
  };

/** Two values, each under a lock of its own; the second is always one more than the first, once both are set. */
const twoStage = (count: number, start: typeof threads, repaired: boolean): Program =>
  function* () {
    let first = 0;
    let second = 0;
    const firstLock = new Mutex("the first lock");
    const secondLock = repaired ? firstLock : new Mutex("the second lock");
    const sets = function* sets() {
      yield* firstLock.lock();
      first = 1;
      if (!repaired) {
        firstLock.unlock();
        yield* secondLock.lock();
      }
      second = first + 1;
      secondLock.unlock();
    };
    yield* start(...times(count - 1, () => sets), function* reads() {
      yield* firstLock.lock();
      if (first === 0) return firstLock.unlock();
      const seen = first;
      if (!repaired) {
        firstLock.unlock();
        yield* secondLock.lock();
      }
      const next = second;
      secondLock.unlock();
      check(next === seen + 1, `The first is ${seen}, the second ${next}.`);
    });
  };

/** Each passes on what the one before it has; the last one believes that this is the same for all. */
const tokenRing = (repaired: boolean): Program =>
  function* () {
    const x = [1, 2, 1];
    const done = [false, false, false];
    const pass = (to: number, value: () => number) =>
      function* pass() {
        yield;
        x[to] = value();
        done[to] = true;
      };
    const order = repaired ? inOrder : threads;
    yield* order(
      pass(0, () => (x[2]! + 1) % 4),
      pass(1, () => x[0]!),
      pass(2, () => x[1]!),
      function* looks() {
        yield;
        if (done.every(Boolean)) check(x[0] === x[1] && x[1] === x[2], `They are ${x.join()}.`);
      },
    );
  };

function* inOrder(...bodies: readonly Program[]) {
  for (const body of bodies) yield* threads(body);
}

/** One produces, one consumes and adds up. The sum that must never be is the one that always is. */
const arithmeticProgression = (count: number, repaired: boolean): Program =>
  function* () {
    let waiting = 0;
    let total = 0;
    const lock = new Mutex();
    const empty = new Condition("room");
    const full = new Condition("a number");
    yield* threads(
      function* produces() {
        for (let i = 0; i < count; i++) {
          yield* lock.lock();
          while (waiting > 0) yield* empty.wait(lock);
          waiting++;
          lock.unlock();
          yield;
          full.signal();
        }
      },
      function* consumes() {
        for (let i = 1; i <= count; i++) {
          yield* lock.lock();
          while (waiting === 0) yield* full.wait(lock);
          waiting--;
          total += i;
          lock.unlock();
          yield;
          empty.signal();
        }
      },
    );
    const sum = (count * (count + 1)) / 2;
    check(repaired ? total === sum : total !== sum, `The sum is ${total}.`);
  };

const reorders = [3, 4, 5, 10, 20].flatMap((count): Bug[] => [
  {
    name: `reorder-${count}`,
    source: `${CS}reorder_${count}_bad`,
    bug: `one of ${count} threads finds the first of two values without the second`,
    program: reorder(count, threads, false),
    repaired: reorder(count, threads, true),
  },
  ...(count < 10
    ? []
    : [
        {
          name: `reorder-${count}-staggered`,
          source: `${CS}reorder_${count}_bad, its threads started one by one`,
          bug: `the same, but the one that looks is there last: all others have to be held up meanwhile`,
          program: reorder(count, staggered, false),
          repaired: reorder(count, staggered, true),
        },
      ]),
]);

const twoStages = [2, 5, 10, 20, 50].flatMap((count): Bug[] => [
  {
    name: `two-stage-${count}`,
    source: `${CS}twostage_bad${count === 2 ? "" : ` (twostage_100_bad), with ${count} threads`}`,
    bug: "reads the first of two values, and the second before it was set",
    program: twoStage(count, threads, false),
    ...(count <= 20 && { repaired: twoStage(count, threads, true) }),
  },
  ...(count < 20
    ? []
    : [
        {
          name: `two-stage-${count}-staggered`,
          source: `${CS}twostage_100_bad, with ${count} threads, started one by one`,
          bug: "the same, but the one that reads is there last",
          program: twoStage(count, staggered, false),
        },
      ]),
]);

export const orderBugs: Bug[] = [
  {
    name: "lazy01",
    source: `${CS}lazy01_bad`,
    bug: "believes to come before one of two others",
    program: lazy01(false),
    repaired: lazy01(true),
  },
  ...reorders,
  ...twoStages,
  {
    name: "token-ring",
    source: `${CS}token_ring_bad`,
    bug: "the values are the same only if they were passed on in the order of the ring",
    program: tokenRing(false),
    repaired: tokenRing(true),
  },
  {
    name: "arithmetic-progression",
    source: `${CS}arithmetic_prog_bad`,
    bug: "the check is upside down: fails in every order that comes to an end",
    program: arithmeticProgression(3, false),
    repaired: arithmeticProgression(3, true),
  },
];
