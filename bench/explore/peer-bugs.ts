/**
 * Some of the bugs once more, as async functions under fast-check's scheduler: a scheduled promise wherever the other
 * form gives way or takes a lock, and where a task begins. Names are those of the bugs in bugs/.
 */
import type { Scheduler } from "fast-check";
import { check, times } from "./support.ts";

type Body = () => Promise<void>;
export type PeerBug = (world: World) => Promise<void>;

/** Threads and locks over a scheduler. */
export class World {
  readonly #scheduler: Scheduler;

  constructor(scheduler: Scheduler) {
    this.#scheduler = scheduler;
  }

  /** Gives way. */
  step(): Promise<void> {
    return this.#scheduler.schedule(Promise.resolve());
  }

  /** Starts the bodies at once, or one by one, and waits until nothing can go on. */
  async threads(bodies: readonly Body[], oneByOne = false): Promise<void> {
    let ended = 0;
    let failure: { readonly error: unknown } | null = null;
    const start = async (body: Body): Promise<void> => {
      try {
        await this.step();
        await body();
        ended++;
      } catch (error) {
        failure ??= { error };
      }
    };
    const all = async (): Promise<void> => {
      for (const body of bodies) {
        void start(body);
        if (oneByOne) await this.step();
      }
    };
    void all();
    await this.#scheduler.waitIdle();
    if (failure !== null) throw (failure as { readonly error: unknown }).error;
    check(ended === bodies.length, "A deadlock: nothing is left that could go on.");
  }
}

class Lock {
  readonly #world: World;
  readonly #waiting: (() => void)[] = [];
  #held = false;

  constructor(world: World) {
    this.#world = world;
  }

  async lock(): Promise<void> {
    await this.#world.step();
    if (!this.#held) this.#held = true;
    else await this.#join();
  }

  async #join(): Promise<void> {
    await new Promise<void>((resolve) => this.#waiting.push(resolve));
    await this.#world.step(); // whoever was woken runs when it is chosen
  }

  unlock(): void {
    const next = this.#waiting.shift();
    if (next === undefined) this.#held = false;
    else next();
  }
}

class Signal {
  readonly #world: World;
  readonly #waiting: (() => void)[] = [];

  constructor(world: World) {
    this.#world = world;
  }

  async wait(lock?: Lock): Promise<void> {
    lock?.unlock();
    await new Promise<void>((resolve) => this.#waiting.push(resolve));
    await this.#world.step();
    await lock?.lock();
  }

  signal(): void {
    this.#waiting.shift()?.();
  }
}

const deadlock =
  (locks: number, orders: readonly (readonly [number, number])[]): PeerBug =>
  (world) => {
    const all = times(locks, () => new Lock(world));
    return world.threads(
      orders.map(([first, second]) => async () => {
        await all[first]!.lock();
        await all[second]!.lock();
        all[second]!.unlock();
        all[first]!.unlock();
      }),
    );
  };

const reorder =
  (count: number, oneByOne: boolean): PeerBug =>
  (world) => {
    let a = 0;
    let b = 0;
    const set = async (): Promise<void> => {
      await world.step();
      a = 1;
      await world.step();
      b = -1;
    };
    const looks = async (): Promise<void> => {
      await world.step();
      check((a === 0 && b === 0) || (a === 1 && b === -1), `Found ${a} and ${b}.`);
    };
    return world.threads([...times(count - 1, () => set), looks], oneByOne);
  };

const twoStage =
  (count: number): PeerBug =>
  (world) => {
    let first = 0;
    let second = 0;
    const firstLock = new Lock(world);
    const secondLock = new Lock(world);
    const sets = async (): Promise<void> => {
      await firstLock.lock();
      first = 1;
      firstLock.unlock();
      await secondLock.lock();
      second = first + 1;
      secondLock.unlock();
    };
    const reads = async (): Promise<void> => {
      await firstLock.lock();
      const seen = first;
      firstLock.unlock();
      if (seen === 0) return;
      await secondLock.lock();
      const next = second;
      secondLock.unlock();
      check(next === seen + 1, `The first is ${seen}, the second ${next}.`);
    };
    return world.threads([...times(count - 1, () => sets), reads]);
  };

const wrongLock =
  (others: number): PeerBug =>
  (world) => {
    let data = 0;
    const dataLock = new Lock(world);
    const otherLock = new Lock(world);
    const checks = async (): Promise<void> => {
      await dataLock.lock();
      const before = data;
      await world.step();
      const again = data;
      await world.step();
      data = again + 1;
      await world.step();
      check(data === before + 1, `It was ${before}, and is ${data} after it was counted up.`);
      dataLock.unlock();
    };
    const counts = async (): Promise<void> => {
      await otherLock.lock();
      const before = data;
      await world.step();
      data = before + 1;
      otherLock.unlock();
    };
    return world.threads([checks, ...times(others, () => counts)], true);
  };

const account: PeerBug = async (world) => {
  let balance = 0;
  await world.threads(
    [100, -30, -20].map((amount) => async () => {
      const before = balance;
      await world.step();
      balance = before + amount;
    }),
  );
  check(balance === 50, `The balance is ${balance}.`);
};

const circularBuffer: PeerBug = (world) => {
  const buffer: number[] = [];
  let first = 0;
  let mayReceive = false;
  const lock = new Lock(world);
  const sends = async (): Promise<void> => {
    for (let i = 0; i < 7; i++) {
      await lock.lock();
      if (!mayReceive) {
        buffer.push(i);
        mayReceive = true;
      }
      lock.unlock();
    }
  };
  const receives = async (): Promise<void> => {
    for (let i = 0; i < 7; i++) {
      await lock.lock();
      if (mayReceive) {
        const item = buffer[first++];
        check(item === i, `Received ${item} in turn ${i}.`);
        mayReceive = false;
      }
      lock.unlock();
    }
  };
  return world.threads([sends, receives]);
};

const stack: PeerBug = (world) => {
  const items: number[] = [];
  let filled = false;
  const lock = new Lock(world);
  const pushes = async (): Promise<void> => {
    for (let i = 0; i < 10; i++) {
      await lock.lock();
      items.push(i);
      filled = true;
      lock.unlock();
    }
  };
  const pops = async (): Promise<void> => {
    for (let i = 0; i < 10; i++) {
      await lock.lock();
      if (filled) check(items.pop() !== undefined, "Popped from an empty stack.");
      lock.unlock();
    }
  };
  return world.threads([pushes, pops]);
};

const bluetoothDriver: PeerBug = (world) => {
  let stopping = false;
  let stopped = false;
  let pending = 1;
  const nobodyLeft = new Signal(world);
  const request = async (): Promise<void> => {
    await world.step();
    if (stopping) return;
    await world.step();
    pending++;
    await world.step();
    check(!stopped, "A request runs in a driver that has stopped.");
    await world.step();
    if (--pending === 0) nobodyLeft.signal();
  };
  const stop = async (): Promise<void> => {
    await world.step();
    stopping = true;
    await world.step();
    if (--pending > 0) await nobodyLeft.wait();
    else await world.step();
    stopped = true;
  };
  return world.threads([request, stop]);
};

const workStealing: PeerBug = async (world) => {
  const items: number[] = [];
  const lock = new Lock(world);
  const taken = [0, 0];
  let head = 0;
  let tail = 0;
  const pop = async (): Promise<number | null> => {
    const last = tail - 1;
    if (last < 0) return null;
    await world.step();
    const seen = head;
    await world.step();
    tail = last;
    if (seen <= last) return items[last]!;
    tail = last + 1;
    await lock.lock();
    tail = last;
    await world.step();
    const lost = head > last;
    if (lost) tail = last + 1;
    lock.unlock();
    return lost ? null : items[last]!;
  };
  const steal = async (): Promise<number | null> => {
    await lock.lock();
    await world.step();
    const seen = head;
    await world.step();
    head = seen + 1;
    await world.step();
    const lost = seen + 1 > tail;
    if (lost) head = seen;
    lock.unlock();
    return lost ? null : items[seen]!;
  };
  const took = (item: number | null): void => {
    if (item !== null) taken[item]!++;
  };
  const owner = async (): Promise<void> => {
    for (let item = 0; item < 2; item++) {
      items[tail] = item;
      await world.step();
      tail++;
    }
    for (let i = 0; i < 2; i++) took(await pop());
  };
  const thief = async (): Promise<void> => {
    for (let i = 0; i < 2; i++) took(await steal());
  };
  await world.threads([owner, thief]);
  check(
    taken.every((count) => count <= 1),
    `Taken so many times: ${taken.join()}.`,
  );
};

const boundedBuffer: PeerBug = (world) => {
  const items: number[] = [];
  const lock = new Lock(world);
  const filled = new Signal(world);
  const consume = async (): Promise<void> => {
    await lock.lock();
    if (items.length === 0) await filled.wait(lock);
    check(items.shift() !== undefined, "Took an item from an empty buffer.");
    lock.unlock();
  };
  const produce = async (): Promise<void> => {
    await lock.lock();
    items.push(1);
    filled.signal();
    lock.unlock();
  };
  return world.threads([consume, consume, produce, produce]);
};

const missedSignal: PeerBug = (world) => {
  let ready = false;
  const lock = new Lock(world);
  const condition = new Signal(world);
  const waits = async (): Promise<void> => {
    if (ready) return;
    await lock.lock();
    await condition.wait(lock);
    lock.unlock();
  };
  const signals = async (): Promise<void> => {
    await lock.lock();
    ready = true;
    condition.signal();
    lock.unlock();
  };
  return world.threads([waits, signals]);
};

const lazyOnce: PeerBug = async (world) => {
  let value: object | null = null;
  let made = 0;
  const lock = new Lock(world);
  const get = async (): Promise<void> => {
    await world.step();
    if (value !== null) return;
    await lock.lock();
    made++;
    await world.step();
    value = {};
    lock.unlock();
  };
  await world.threads([get, get]);
  check(made === 1, `It was made ${made} times.`);
};

const ring = (count: number): PeerBug =>
  deadlock(
    count,
    times(count, (n) => [n, (n + 1) % count] as const),
  );

export const peerBugs: Readonly<Record<string, PeerBug>> = {
  account,
  "wrong-lock": wrongLock(7),
  "circular-buffer": circularBuffer,
  stack,
  "reorder-5": reorder(5, false),
  "reorder-10-staggered": reorder(10, true),
  "reorder-20-staggered": reorder(20, true),
  "two-stage-2": twoStage(2),
  "two-stage-20": twoStage(20),
  "two-stage-50": twoStage(50),
  deadlock01: deadlock(2, [
    [0, 1],
    [1, 0],
  ]),
  "dining-philosophers-5": ring(5),
  "dining-philosophers-7": ring(7),
  "bluetooth-driver": bluetoothDriver,
  "work-stealing-queue": workStealing,
  "bounded-buffer-if": boundedBuffer,
  "missed-signal": missedSignal,
  "lazy-once": lazyOnce,
};
