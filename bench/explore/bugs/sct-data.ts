/** Of SCTBench, the suite "CS": what goes wrong with data. */
import { check, Mutex, staggered, threads, times, type Bug, type Program } from "../support.ts";

const CS = "SCTBench (Thomson, Donaldson, Betts, 2014), CS.";

/** Pays in 100, and takes out 30 and 20, which has to leave 50. */
const account = (repaired: boolean): Program =>
  function* () {
    let balance = 0;
    const lock = new Mutex();
    const change = (amount: number) =>
      function* change() {
        if (repaired) yield* lock.lock();
        const before = balance;
        yield;
        balance = before + amount;
        if (repaired) lock.unlock();
      };
    yield* threads(change(100), change(-30), change(-20));
    check(balance === 50, `The balance is ${balance}.`);
  };

/** Everything is under the lock; but the check believes that what was done was done to what it saw first. */
const accountCheck = (repaired: boolean): Program =>
  function* () {
    let balance = 10;
    const done = { deposit: false, withdrawal: false };
    const lock = new Mutex();
    yield* threads(
      function* deposit() {
        yield* lock.lock();
        balance += 5;
        done.deposit = true;
        lock.unlock();
      },
      function* withdraw() {
        yield* lock.lock();
        balance -= 3;
        done.withdrawal = true;
        lock.unlock();
      },
      function* checkResult() {
        yield* lock.lock();
        if (done.deposit && done.withdrawal)
          check(balance === 10 + (repaired ? 5 : 0) - 3, `The balance is ${balance}.`);
        lock.unlock();
      },
    );
  };

const wrongLock = (others: number, repaired: boolean): Program =>
  function* () {
    let data = 0;
    const dataLock = new Mutex("the data's lock");
    const otherLock = repaired ? dataLock : new Mutex("another lock");
    yield* staggered(
      function* checks() {
        yield* dataLock.lock();
        const before = data;
        yield;
        const again = data;
        yield;
        data = again + 1;
        yield;
        check(data === before + 1, `It was ${before}, and is ${data} after it was counted up.`);
        dataLock.unlock();
      },
      ...times(others, () => {
        return function* counts() {
          yield* otherLock.lock();
          const before = data;
          yield;
          data = before + 1;
          otherLock.unlock();
        };
      }),
    );
  };

/** One writes and one reads, by turns, as they find the flag; but the number of the turn goes on without them. */
const circularBuffer = (rounds: number, repaired: boolean): Program =>
  function* () {
    const buffer: number[] = [];
    let first = 0;
    let mayReceive = false;
    let sent = 0;
    const lock = new Mutex();
    yield* threads(
      function* sends() {
        for (let i = 0; i < rounds; i++) {
          yield* lock.lock();
          if (!mayReceive) {
            buffer.push(repaired ? sent++ : i);
            mayReceive = true;
          }
          lock.unlock();
        }
      },
      function* receives() {
        for (let i = 0, received = 0; i < rounds; i++) {
          yield* lock.lock();
          if (mayReceive) {
            const item = buffer[first++];
            const expected = repaired ? received++ : i;
            check(item === expected, `Received ${item} in turn ${expected}.`);
            mayReceive = false;
          }
          lock.unlock();
        }
      },
    );
  };

/** As the circular buffer; but the first item is there before anybody is asked. */
const queue = (rounds: number, repaired: boolean): Program =>
  function* () {
    const items: number[] = [];
    const stored: number[] = [];
    let mayDequeue = false;
    let mayEnqueue = true;
    let enqueued = 0;
    const lock = new Mutex();
    yield* threads(
      function* enqueues() {
        yield* lock.lock();
        items.push(100);
        stored[enqueued++] = 100;
        lock.unlock();
        for (let i = 1; i < rounds; i++) {
          yield* lock.lock();
          if (mayEnqueue) {
            items.push(100 + i);
            stored[repaired ? enqueued++ : i] = 100 + i;
            mayEnqueue = false;
            mayDequeue = true;
          }
          lock.unlock();
        }
      },
      function* dequeues() {
        for (let i = 0, dequeued = 0; i < rounds; i++) {
          yield* lock.lock();
          if (mayDequeue) {
            const item = items.shift();
            const wanted = stored[repaired ? dequeued++ : i];
            check(item === wanted, `Took ${item} where ${wanted} was stored.`);
            mayDequeue = false;
            mayEnqueue = true;
          }
          lock.unlock();
        }
      },
    );
  };

/** A flag says that there is something on the stack; nobody takes it back. */
const stack = (size: number, repaired: boolean): Program =>
  function* () {
    const items: number[] = [];
    let filled = false;
    const lock = new Mutex();
    yield* threads(
      function* pushes() {
        for (let i = 0; i < size; i++) {
          yield* lock.lock();
          items.push(i);
          filled = true;
          lock.unlock();
        }
      },
      function* pops() {
        for (let i = 0; i < size; i++) {
          yield* lock.lock();
          if (filled) check(items.pop() !== undefined, "Popped from an empty stack.");
          if (repaired) filled = items.length > 0;
          lock.unlock();
        }
      },
    );
  };

/** Every file takes a block of its own, and there is one file more than there are locks. */
const fsbench = (files: number, blocks: number, repaired: boolean): Program =>
  function* () {
    const inodeLocks = times(repaired ? files : blocks, (n) => new Mutex(`inode ${n}`));
    const blockLocks = times(blocks, (n) => new Mutex(`block ${n}`));
    const busy = times(blocks, () => false);
    const inodes = times(files, () => 0);
    yield* threads(
      ...times(files, (i) => {
        return function* file() {
          const inodeLock = inodeLocks[i];
          check(inodeLock !== undefined, `There is no lock for inode ${i}.`);
          yield* inodeLock.lock();
          if (inodes[i] === 0) {
            let block = (i * 2) % blocks;
            for (let tried = 0; tried < blocks / 2; tried++) {
              yield* blockLocks[block]!.lock();
              const free = !busy[block];
              if (free) {
                busy[block] = true;
                inodes[i] = block + 1;
              }
              blockLocks[block]!.unlock();
              if (free) break;
              block = (block + 1) % blocks;
            }
          }
          inodeLock.unlock();
        };
      }),
    );
    const taken = inodes.filter((block) => block > 0);
    check(new Set(taken).size === taken.length, "A block belongs to two files.");
  };

/** A block is looked at before its lock is taken, and not again. */
const fsbenchRace = (repaired: boolean): Program =>
  function* () {
    const lock = new Mutex("block 0");
    let busy = false;
    let owners = 0;
    yield* threads(
      ...times(3, () => {
        return function* file() {
          yield;
          if (busy) return;
          yield* lock.lock();
          if (!repaired || !busy) {
            busy = true;
            owners++;
          }
          lock.unlock();
        };
      }),
    );
    check(owners === 1, `The block belongs to ${owners} files.`);
  };

/** Appends one buffer to another while that one is shortened: each method has the lock, the two together have not. */
const stringBuffer = (repaired: boolean): Program =>
  function* () {
    let text = "abc";
    const lock = new Mutex("the other buffer");
    yield* threads(
      function* append() {
        yield* lock.lock();
        const { length } = text;
        if (!repaired) {
          lock.unlock();
          yield* lock.lock();
        }
        check(length <= text.length, `Cannot copy ${length} characters: there are ${text.length}.`);
        lock.unlock();
      },
      function* erase() {
        yield* lock.lock();
        text = "";
        lock.unlock();
      },
    );
  };

export const dataBugs: Bug[] = [
  {
    name: "account",
    source: `${CS}account_bad, without its lock`,
    bug: "reads the balance, and writes it a moment later: an update is lost",
    program: account(false),
    repaired: account(true),
  },
  {
    name: "account-check",
    source: `${CS}account_bad`,
    bug: "the check forgets the deposit: wrong whenever it comes last",
    program: accountCheck(false),
    repaired: accountCheck(true),
  },
  {
    name: "wrong-lock",
    source: `${CS}wronglock_bad`,
    bug: "seven of eight threads hold another lock than the first while they write",
    program: wrongLock(7, false),
    repaired: wrongLock(7, true),
  },
  {
    name: "wrong-lock-3",
    source: `${CS}wronglock_3_bad`,
    bug: "three of four threads hold another lock than the first while they write",
    program: wrongLock(3, false),
    repaired: wrongLock(3, true),
  },
  {
    name: "circular-buffer",
    source: `${CS}circular_buffer_bad`,
    bug: "both count turns in which they did nothing, and compare by the count",
    program: circularBuffer(7, false),
    repaired: circularBuffer(7, true),
  },
  {
    name: "queue",
    source: `${CS}queue_bad`,
    bug: "takes out what was put in earlier than the item of that turn",
    program: queue(10, false),
    repaired: queue(10, true),
  },
  {
    name: "stack",
    source: `${CS}stack_bad`,
    bug: "pops from an empty stack: the flag that says that it is filled is never taken back",
    program: stack(10, false),
    repaired: stack(10, true),
  },
  {
    name: "fsbench",
    source: `${CS}fsbench_bad`,
    bug: "the 27th thread has no lock: fails in every order",
    program: fsbench(27, 26, false),
    repaired: fsbench(13, 26, true),
  },
  {
    name: "fsbench-race",
    source: `${CS}fsbench_bad, with a race in the place of its wrong index (Flanagan, Godefroid, 2005)`,
    bug: "whether a block is busy is read before its lock is taken",
    program: fsbenchRace(false),
    repaired: fsbenchRace(true),
  },
  {
    name: "string-buffer",
    source: "SCTBench CB.stringbuffer-jdk1.4 (Flanagan, Qadeer, 2003)",
    bug: "the length is read under the lock, and used after the lock was let go",
    program: stringBuffer(false),
    repaired: stringBuffer(true),
  },
];
