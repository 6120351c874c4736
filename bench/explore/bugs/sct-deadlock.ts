/** Of SCTBench, the suite "CS": deadlocks. */
import { check, Condition, Mutex, threads, times, type Bug, type Program } from "../support.ts";

const CS = "SCTBench (Thomson, Donaldson, Betts, 2014), CS.";

const deadlock01 = (repaired: boolean): Program =>
  function* () {
    const a = new Mutex("a");
    const b = new Mutex("b");
    let counter = 0;
    const [first, second] = repaired ? [a, b] : [b, a];
    yield* threads(
      function* ab() {
        yield* a.lock();
        yield* b.lock();
        counter++;
        b.unlock();
        a.unlock();
      },
      function* ba() {
        yield* first.lock();
        yield* second.lock();
        counter--;
        second.unlock();
        first.unlock();
      },
    );
    check(counter === 0, `The counter is ${counter}.`);
  };

/**
 * Readers of one kind keep those of the other kind out: the first takes the lock `l`, the last lets it go. That they
 * need `m` to let `l` go, and hold `m` while they wait for `l`, is the mistake.
 */
const carter01 = (repaired: boolean): Program =>
  function* () {
    const m = new Mutex("m");
    const ms = repaired ? [new Mutex("m of a"), new Mutex("m of b")] : [m, m];
    const l = new Mutex("l");
    const inside = [0, 0];
    const enter = (kind: 0 | 1) =>
      function* enter() {
        yield* ms[kind]!.lock();
        if (++inside[kind]! === 1) yield* l.lock();
        ms[kind]!.unlock();
        yield;
        yield* ms[kind]!.lock();
        if (--inside[kind]! === 0) l.unlock();
        ms[kind]!.unlock();
      };
    const idle = function* idle() {
      yield;
    };
    yield* threads(enter(0), enter(1), idle, idle);
  };

const diningPhilosophers = (count: number, repaired: boolean): Program =>
  function* () {
    const forks = times(count, (n) => new Mutex(`fork ${n}`));
    let eaten = 0;
    yield* threads(
      ...times(count, (n) => {
        const left = forks[n]!;
        const right = forks[(n + 1) % count]!;
        const [first, second] = repaired && n === count - 1 ? [right, left] : [left, right];
        return function* philosopher() {
          yield* first.lock();
          yield* second.lock();
          eaten++;
          second.unlock();
          first.unlock();
        };
      }),
    );
    check(eaten === count, `${eaten} have eaten.`);
  };

/** Two phases, each with a lock; the second of the first phase is never let go. */
const phase01 = (repaired: boolean): Program =>
  function* () {
    const x = new Mutex("x");
    const y = new Mutex("y");
    const phases = function* phases() {
      yield* x.lock();
      x.unlock();
      yield* x.lock();
      if (repaired) x.unlock();
      yield* y.lock();
      y.unlock();
      yield* y.lock();
      y.unlock();
    };
    yield* threads(phases, phases);
  };

/** The one who waits for room waits for ever: the other one sees an item, and leaves it there. */
const sync01 = (repaired: boolean): Program =>
  function* () {
    let items = 1;
    const lock = new Mutex();
    const empty = new Condition("room");
    const full = new Condition("an item");
    yield* threads(
      function* puts() {
        yield* lock.lock();
        while (items > 0) yield* empty.wait(lock);
        items++;
        lock.unlock();
        full.signal();
      },
      function* takes() {
        yield* lock.lock();
        while (items === 0) yield* full.wait(lock);
        if (repaired) items--;
        lock.unlock();
        empty.signal();
      },
    );
  };

/** As before, with several items; who takes them signals before it has taken one, and outside the lock. */
const sync02 = (repaired: boolean): Program =>
  function* () {
    let items = 0;
    const lock = new Mutex();
    const changed = new Condition("a change");
    yield* threads(
      function* puts() {
        for (let i = 0; i < 2; i++) {
          yield* lock.lock();
          while (items > 0) yield* changed.wait(lock);
          items++;
          if (repaired) changed.broadcast();
          lock.unlock();
          if (!repaired && i === 0) changed.signal();
        }
      },
      ...times(2, () => {
        return function* takes() {
          yield* lock.lock();
          while (items === 0) yield* changed.wait(lock);
          items--;
          if (repaired) changed.broadcast();
          else changed.signal();
          lock.unlock();
        };
      }),
    );
  };

export const deadlockBugs: Bug[] = [
  {
    name: "deadlock01",
    source: `${CS}deadlock01_bad`,
    bug: "two locks, taken in two orders",
    program: deadlock01(false),
    repaired: deadlock01(true),
  },
  {
    name: "carter01",
    source: `${CS}carter01_bad`,
    bug: "waits for the second lock with the first one held, which is needed to let the second one go",
    program: carter01(false),
    repaired: carter01(true),
  },
  ...times(6, (n): Bug => {
    return {
      name: `dining-philosophers-${n + 2}`,
      source: `${CS}din_phil${n + 2}, with the deadlock of the textbook (Dijkstra, 1971)`,
      bug: "everyone takes the left fork first",
      program: diningPhilosophers(n + 2, false),
      repaired: diningPhilosophers(n + 2, true),
    };
  }),
  {
    name: "phase01",
    source: `${CS}phase01_bad`,
    bug: "a lock that is not let go: whoever comes second waits for ever, in every order",
    program: phase01(false),
    repaired: phase01(true),
  },
  {
    name: "sync01",
    source: `${CS}sync01_bad`,
    bug: "signals that there is room where there is none: waits for ever, in every order",
    program: sync01(false),
    repaired: sync01(true),
  },
  {
    name: "sync02",
    source: `${CS}sync02_bad, with one signal in the place of its counters`,
    bug: "a signal reaches one who cannot use it, and the one who could is not told",
    program: sync02(false),
    repaired: sync02(true),
  },
];
