import { expect, it } from "vitest";
import { Connections, isAddress, shown } from "./redis.ts";

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

it.for([
  ["redis://localhost", true],
  ["rediss://me:hunter%402@[::1]:6379/2?family=6", true],
  ["localhost:6379", false],
  ["valkey://host", false],
  ["redis://host:99999", false],
  ["redis://:hunt/er2@host", false],
  ["redis://:hunter%2@host", false],
] as const)("can be read as an address, or cannot: %s", ([address, expected]) => {
  expect(isAddress(address)).toBe(expected);
});

it("shows none of an address that it refuses", () => {
  expect(() => new Connections("valkey://:hunter2@host:6379")).toThrow(
    'Cannot reach Redis by "valkey://host:6379"',
  );
  expect(() => new Connections("redis://:hunter2@host:99999")).toThrow(
    'Cannot reach Redis by "redis://host:99999": give its address',
  );
  expect(new Connections("redis://host?password=hunter2").where).toBe("Redis at redis://host");
});
