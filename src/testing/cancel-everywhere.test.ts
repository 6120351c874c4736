import { expect, test } from "vitest";
import {
  cede,
  coroutine,
  createTask,
  Future,
  shield,
  sleep,
  sleepForever,
  taskGroup,
  timeout,
  type Awaitable,
} from "../index.ts";
import { cancelEverywhere } from "./index.ts";

test("a program of sleeps, groups and timeouts ends wherever it is cancelled", async () => {
  let open = 0;
  const leaf = coroutine(function* leaf(n: number): Awaitable<number> {
    open++;
    try {
      yield* sleep(n);
      yield;
      return n;
    } finally {
      yield* shield(function* () {
        yield* sleep(1);
        yield* cede();
      });
      open--;
    }
  });
  const points = await cancelEverywhere(
    function* () {
      const free = createTask(leaf(30));
      yield* taskGroup(function* (group) {
        for (let n = 0; n < 5; n++) group.createTask(leaf(n));
        yield* timeout(100, () => leaf(7));
        yield* shield(() => leaf(3));
      });
      yield* free;
    },
    { check: () => expect(open).toBe(0) },
  );
  expect(points).toBeGreaterThan(30);
});

test("a program that does not clean up is found", async () => {
  let open = 0;
  const leaking = cancelEverywhere(
    function* () {
      open++;
      yield* sleep(1);
      open--;
    },
    { check: () => expect(open).toBe(0) },
  );
  await expect(leaking).rejects.toThrow("The check fails when it is cancelled at point 2");
});

test("a program whose cleanup fails is found, with its error", async () => {
  const failing = cancelEverywhere(function* () {
    let done = false;
    try {
      yield* sleep(1);
      done = true;
    } finally {
      if (!done) throw new Error("cleanup failed"); // eslint-disable-line no-unsafe-finally
    }
  });
  await expect(failing).rejects.toMatchObject({
    message: expect.stringMatching(
      /^The program fails when it is cancelled at point 2\.\n\nstep /,
    ) as unknown,
    cause: expect.objectContaining({ message: "cleanup failed" }) as unknown,
  });
});

test("a program whose cleanup never ends is found", async () => {
  const never = new Future<void>("never");
  const stuck = cancelEverywhere(function* () {
    try {
      yield* sleepForever();
    } finally {
      yield* never;
    }
  });
  await expect(stuck).rejects.toThrow();
});
