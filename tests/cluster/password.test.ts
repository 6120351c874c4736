/** A password that Redis is reached with: nothing that is printed, and no error, shows it. */
import { inspect } from "node:util";
import type { Redis } from "ioredis";
import { beforeEach, describe, expect, it } from "vitest";
import { allSettled, EventLoop, until } from "cede";
import { cluster } from "cede/executors";
import { withoutRedis } from "../support/redis-server.ts";
import { ownRedis } from "./own-redis.ts";

describe.skipIf(withoutRedis())("a password in the address of Redis", { timeout: 20_000 }, () => {
  const own = ownRedis();
  let redis: Redis;
  const addressFor = (password: string): string => `redis://user:${password}@127.0.0.1:${own.server.port}`;
  const setPassword = (password: string): Promise<unknown> =>
    redis.call("ACL", "SETUSER", "user", "reset", "on", `>${password}`, "~*", "&*", "+@all");

  beforeEach(() => {
    redis = own.client();
  });

  it("is not in what a worker prints when it serves, and when it ends", async () => {
    await setPassword("secret");
    const worker = own.worker({ redis: addressFor("secret") });
    await worker.ready();
    expect(await worker.kill("SIGINT")).toBe(130);
    expect(worker.output).toMatch(/ serves \d+ jobs [^]* takes no more jobs/);
    expect(worker.output).not.toContain("secret");
  });

  it("is not in what a worker prints whom Redis refuses", async () => {
    await setPassword("another");
    const worker = own.worker({ redis: addressFor("secret") });
    expect(await worker.ended).toBe(1);
    expect(worker.output).toMatch(/^Cannot reach Redis at redis:\/\/127\.0\.0\.1:\d+: .*WRONGPASS/m);
    expect(worker.output).not.toContain("secret");
  });

  it.for([
    "redis://:sec?ret@host",
    "redis://user:secret@127.0.0.1:99999",
    "redis://user:sec%ret@host",
    "valkey://user:secret@host",
  ])("is not in what is said of an address that is none: %s", async (address) => {
    const worker = own.worker({ redis: address });
    expect(await worker.ended).toBe(2);
    expect(worker.output).toMatch(/^Cannot reach Redis by "\w+:\/\/[\w.:…]+": that is no address of one\.$/m);
    expect(worker.output).not.toMatch(/sec|ret\b/);
  });

  it("is not in the errors of a program that Redis refuses, at once or when it comes back", async () => {
    await setPassword("secret");
    const options = { queue: own.queue, redis: addressFor("secret") };
    const errors = await EventLoop.run(function* () {
      const jobs = yield* cluster<typeof import("./jobs.ts")>(options);
      yield* until(setPassword("another").then(() => redis.call("CLIENT", "KILL", "USER", "user")));
      return yield* allSettled([jobs.add(1, 2), cluster(options)]);
    });
    expect(errors).toMatchObject([
      { reason: { message: expect.stringMatching(/WRONGPASS/) } },
      {
        reason: {
          message: expect.stringMatching(/^Cannot reach Redis at redis:\/\/127\.0\.0\.1:\d+: .*WRONGPASS/),
        },
      },
    ]);
    expect(inspect(errors, { depth: Infinity, showHidden: true })).not.toContain("secret");
  });
});
