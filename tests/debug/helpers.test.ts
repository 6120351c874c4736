// The stack shows whose function calls: the library's own files do not count, so these tests stand outside src/.
import { describe, expect, test } from "vitest";
import {
  all,
  cede,
  ContextVar,
  coroutine,
  createTask,
  defer,
  resource,
  sleep,
  taskGroup,
  timeout,
  until,
  use,
  type Awaitable,
} from "cede";
import type { Report } from "cede/lowlevel";
import { runVirtual } from "cede/testing";

async function told(main: () => Awaitable<unknown>, debug = true): Promise<string[]> {
  const reports: Report[] = [];
  await runVirtual(main, { debug, onReport: (report) => void reports.push(report) });
  return reports.map(({ kind, message }) => `${kind}: ${message.replace(/(?:file:\/\/)?\/\S*\//g, "")}`);
}

const close = (): void => {};
const thing = { [Symbol.dispose]: close };
const connection = () =>
  resource(function* connection(provide) {
    defer(close);
    yield* provide("connected");
  });

function closeLater(): void {
  defer(close); // in a function
}
function* open(): Awaitable<string> {
  yield* cede();
  return yield* use(connection());
}
class Store {
  open(): void {
    [1].forEach(() => closeLater());
  }
  *read(): Awaitable<void> {
    yield* use(thing);
  }
}

describe("S30: debug mode says what belongs to the caller", () => {
  const main = coroutine(function* main() {
    for (let i = 0; i < 3; i++) closeLater();
    yield* open();
    yield* new Store().read();
    new Store().open();
  });
  const report = (name: string, verb: string, kind: string, place: RegExp) =>
    expect.stringMatching(
      new RegExp(
        `^released-by-caller: What ${name} ${verb} at ${place.source} is released when coroutine main is left: ` +
          `${name} is a plain ${kind}, a part of whoever calls it\\. Where that is too late, make it a coroutine\\.$`,
      ),
    );

  test("of plain functions, generators and methods that a coroutine calls: each place once", async () => {
    expect(await told(main)).toEqual([
      report("closeLater", "defers", "function", /helpers\.test\.ts:\d+:3/),
      report("open", "uses", "generator", /helpers\.test\.ts:\d+:17/),
      report("read", "uses", "generator", /helpers\.test\.ts:\d+:12/),
    ]);
  });

  test("of no other mode", async () => {
    expect(await told(main, false)).toEqual([]);
  });

  test("of a helper that calls another one, or that is defined after its caller", async () => {
    const outer = () => closeLater();
    const caller = coroutine(function* caller() {
      outer();
      after();
    });
    expect(await told(caller)).toEqual([
      expect.stringMatching(/: What closeLater defers .* when coroutine caller is left/),
      expect.stringMatching(/: What after defers .* when coroutine caller is left/),
    ]);
  });

  test("of a function of the caller's caller", async () => {
    const main = coroutine(function* main() {
      const mine = (): void => defer(close);
      yield* taskGroup(function* () {
        mine();
      });
    });
    expect(await told(main)).toEqual([
      expect.stringMatching(/: What mine defers .* when a generator in main#1 is left/),
    ]);
  });
});

function after(): void {
  defer(close);
}

function* asAnn(user: ContextVar<string>, body: () => Awaitable<void>): Awaitable<void> {
  yield* user.with("Ann", body);
}

describe("S30: debug mode says nothing", () => {
  const item = coroutine(function* item() {
    defer(close);
    yield* use(thing);
    yield* cede();
    defer(close);
    yield* use(connection());
  });
  const deep = coroutine(function* deep(depth: number): Awaitable<void> {
    defer(close);
    if (depth > 0) yield* deep(depth - 1);
    yield* cede();
  });
  class Service {
    *serve(): Awaitable<void> {
      defer(close);
      yield* use(thing);
    }
    static {
      coroutine(Service.prototype.serve);
    }
  }
  const programs: Record<string, () => Awaitable<unknown>> = {
    "of a coroutine's own": item,
    "of a method that is marked": () => new Service().serve(),
    "of a body that is an arrow": () => {
      defer(close);
      return item();
    },
    "of a plain generator that is a body": function* () {
      defer(close);
      yield* sleep(1);
      yield* use(thing);
    },
    "of the bodies of tasks, groups and scopes": function* () {
      yield* createTask(function* () {
        defer(close);
        yield* use(connection());
      });
      yield* taskGroup(function* (group) {
        yield* use(connection());
        group.createTask(() => {
          defer(close);
          return sleep(1);
        });
        group.createTask(item, { background: true });
      });
      yield* timeout(50, () => {
        defer(close);
        return item();
      });
      yield* all([item(), item()]);
    },
    "of what the library does for a helper": function* () {
      const user = new ContextVar<string>("user");
      yield* asAnn(user, () => sleep(1));
    },
    "of a coroutine that a helper calls": function* () {
      const helper = function* () {
        yield* item();
      };
      yield* helper();
    },
    "of callbacks and functions that stand in the coroutine": function* () {
      const here = (): void => defer(close);
      here();
      [1, 2].forEach(() => defer(close));
      [1].map(() => here());
      yield* until(Promise.resolve());
      here();
      each([1], () => defer(close));
      each([1], function named() {
        defer(close);
      });
      hoisted();
      function hoisted(): void {
        defer(close);
      }
    },
    "of the same in a coroutine that is marked": coroutine(function* marked() {
      each([1], function named() {
        defer(close);
      });
      hoisted();
      function hoisted(): void {
        defer(close);
      }
    }),
    "of what is deferred while something is released": function* () {
      defer(() => defer(close));
      defer(function* () {
        yield* sleep(1);
        defer(close);
      });
      yield* sleep(1);
    },
    "of recursion": () => deep(200),
  };
  test.each(Object.entries(programs))("%s", async (_, main) => {
    expect(await told(main)).toEqual([]);
  });
});

function each<T>(items: readonly T[], call: (item: T) => void): void {
  for (const item of items) call(item);
}
