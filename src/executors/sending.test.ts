import { describe, expect, test } from "vitest";
import { coroutine, moveOnAfter, sleepForever, type Awaitable, type Sender } from "../index.ts";
import { runVirtual } from "../testing/index.ts";
import { serveSending, type Link } from "./sending.ts";
import type { Served } from "./serve.ts";

/** Serves a job that is given one sender. */
function serveOne(link: Link, job: (sender: Sender<unknown>) => unknown): Awaitable<Served> {
  const request = { name: "job", id: "1", attempt: 1, worker: "here", args: [null], grace: 0, progress() {} };
  return serveSending({ job }, "the module", request, [0], link);
}

/** Takes everything at once. */
function taking(items: unknown[]): Link {
  return {
    send(_, item, answer) {
      items.push(item);
      answer(true);
    },
    closed: () => void items.push("closed"),
  };
}

describe("what a job sends", () => {
  test("`trySend` takes one item before anybody waits for it, and the end comes after it", async () => {
    const items: unknown[] = [];
    await runVirtual(() =>
      serveOne(taking(items), (sender) => {
        items.push(sender.trySend(1), sender.trySend(2));
        sender.close();
      }),
    );
    expect(items).toEqual([true, false, 1, "closed"]);
  });

  test("S2: `trySend` takes one at the very moment of a cancellation", async () => {
    const items: unknown[] = [];
    const job = coroutine(function* job(sender: Sender<unknown>): Awaitable<void> {
      yield* sender.send(1);
      try {
        yield* sleepForever();
      } finally {
        items.push(sender.trySend(2), sender.trySend(3));
        sender.close();
      }
    });
    await runVirtual(() => moveOnAfter(10, () => serveOne(taking(items), job)));
    expect(items).toEqual([1, true, false, 2, "closed"]);
  });

  test("S2: cleanup is told where an item could not be sent at all, and does not wait", async () => {
    const heard: unknown[] = [];
    const link: Link = {
      send() {
        throw new RangeError("too large");
      },
      closed() {},
    };
    const job = coroutine(function* job(sender: Sender<unknown>): Awaitable<void> {
      try {
        for (;;) yield* sender.send(1);
      } finally {
        try {
          yield* sender.send(2);
        } catch (error) {
          heard.push(String(error));
        }
      }
    });
    await expect(runVirtual(() => serveOne(link, job))).rejects.toThrow(/^too large$/);
    expect(heard).toEqual([expect.stringContaining("Cannot send to argument 1 of job job: ")]);
  });
});
