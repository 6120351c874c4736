import { expect, it } from "vitest";
import { Connections, shown } from "./redis.ts";

it.for([
  ["redis://localhost:6379/2", "redis://localhost:6379/2"],
  ["redis://me:hunter2@host:6379", "redis://host:6379"],
  ["valkey://:hunter2@host:6379", "valkey://host:6379"],
  ["redis://:a/hunter2@b@host", "redis://host"],
  ["redis://:a?hunter2@host", "redis://…"],
  ["redis://host?password=a@hunter2", "redis://…"],
  ["redis://host/0?username=a&password=hunter2", "redis://host/0"],
  ["me:hunter2@host", "me:host"],
  [":hunter2@host:6379", "host:6379"],
] as const)("shows no password: %s", ([address, expected]) => {
  expect(shown(address)).not.toContain("hunter2");
  expect(shown(address)).toBe(expected);
});

it("shows none of an address that it refuses", () => {
  expect(() => new Connections("valkey://:hunter2@host:6379")).toThrow(
    'Cannot reach Redis by "valkey://host:6379"',
  );
  expect(new Connections("redis://host?password=hunter2").where).toBe("Redis at redis://host");
});
