import { expect, it } from "vitest";
import { warningsFor, type RedisFacts } from "./check-redis.ts";

const GOOD: RedisFacts = {
  policy: "noeviction",
  appendOnly: true,
  save: "",
  protectedMode: true,
  password: false,
  bind: "* -::*",
};

it("says nothing of a Redis that keeps what it is given, and is protected", () => {
  expect(warningsFor(GOOD, "Redis")).toEqual([]);
  expect(warningsFor({ ...GOOD, appendOnly: false, save: "3600 1" }, "Redis")).toEqual([]);
  expect(warningsFor({ ...GOOD, protectedMode: false, bind: "127.0.0.1 -::1" }, "Redis")).toEqual([]);
  expect(warningsFor({ ...GOOD, protectedMode: false, password: true }, "Redis")).toEqual([]);
});

it("says nothing of what it could not ask", () => {
  expect(warningsFor({}, "Redis")).toEqual([]);
});

it.for([
  [{ policy: "allkeys-lru" }, /drops keys .*allkeys-lru.*noeviction/],
  [{ appendOnly: false, save: "" }, /keeps nothing on disk.*appendonly/],
  [{ protectedMode: false }, /open to whoever can reach it.*requirepass/],
  [{ protectedMode: false, bind: "" }, /open to whoever/],
] as const)("warns: %o", ([facts, message]) => {
  const warnings = warningsFor({ ...GOOD, ...facts }, "Redis at redis://db");
  expect(warnings).toHaveLength(1);
  expect(warnings[0]).toMatch(/^Redis at redis:\/\/db /);
  expect(warnings[0]).toMatch(message);
});
