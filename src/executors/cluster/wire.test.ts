import { expect, it } from "vitest";
import {
  CANCELLED,
  idInQueue,
  isJobData,
  namesOf,
  nonceOfReason,
  parse,
  priorityInQueue,
  reasonOf,
  toldInReason,
} from "./wire.ts";
import fc from "../../../tests/support/fast-check.ts";

it("has the queue serve the higher priority first", () => {
  const order = [Infinity, 5e9, 1000, 1, 0.6, 0, -1, -1000, -5e9, -Infinity].map(priorityInQueue);
  expect(order).toEqual(order.toSorted((a, b) => a - b));
  expect(priorityInQueue(1)).toBeLessThan(priorityInQueue(0));
  fc.assert(
    fc.property(fc.double({ noNaN: true }), (priority) => {
      const number = priorityInQueue(priority);
      expect(Number.isInteger(number) && number >= 1 && number < 2 ** 21).toBe(true);
    }),
  );
});

it("makes an id that the queue takes of any text, and another for each", () => {
  fc.assert(
    fc.property(
      fc.string({ unit: "grapheme", maxLength: 60 }),
      fc.string({ maxLength: 60 }),
      (one, other) => {
        expect(idInQueue(one)).toMatch(/^id\.[^:\s*]*$/);
        expect(idInQueue(one) === idInQueue(other)).toBe(one === other);
      },
    ),
  );
  expect(() => idInQueue("x".repeat(2000))).toThrow(RangeError);
  expect(() => idInQueue("\ud800")).toThrow(RangeError);
});

it("reads no message where there is none", () => {
  for (const text of ["", "{", "null", "1", '"what"', "[]", '{"what":1}'])
    expect(parse(text)).toBeUndefined();
  expect(parse('{"what":"cancel","job":"1"}')).toEqual({ what: "cancel", job: "1" });
});

it("reads in a reason what was written there, and nothing in those of others", () => {
  const told = { worker: "w [1]", progress: { number: 2, value: ["x] [y"] } };
  expect(nonceOfReason(reasonOf(CANCELLED, "a-1"))).toBe("a-1");
  expect(toldInReason(reasonOf(CANCELLED, "a-1"))).toBeUndefined();
  expect(nonceOfReason(reasonOf(CANCELLED, "a-1", told))).toBe("a-1");
  expect(toldInReason(reasonOf(CANCELLED, "a-1", told))).toEqual(told);
  for (const other of [
    "",
    "cede: cancelled",
    "cede: cancelled [a-1] {",
    "job stalled [1]",
    "cede: x [1] null",
  ]) {
    expect(toldInReason(other)).toBeUndefined();
  }
});

it("tells its own jobs from those of other programs", () => {
  const job = { v: 1, id: "1", caller: "", nonce: "", args: [null, 1], senders: [0] };
  expect(isJobData(job)).toBe(true);
  for (const other of [
    undefined,
    {},
    { ...job, v: 2 },
    { ...job, senders: [2] },
    { ...job, senders: [-1] },
    { ...job, senders: "0" },
    { ...job, args: {} },
  ]) {
    expect(isJobData(other)).toBe(false);
  }
});

it("keeps what it calls its own apart from the keys of the queue", () => {
  const { workers, worker, caller } = namesOf("bull", "pictures");
  expect([workers, worker("a"), caller("a")]).toEqual([
    "bull:pictures:cede:workers",
    "bull:pictures:cede:worker:a",
    "bull:pictures:cede:caller:a",
  ]);
});
