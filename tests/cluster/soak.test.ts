/** The short form of `npm run soak:cluster`. */
import { expect, it } from "vitest";
import { withoutRedis } from "../support/redis-server.ts";
import { soak } from "./soak.ts";

it.skipIf(withoutRedis())(
  "gives each of many callers one outcome, whatever is killed meanwhile",
  { timeout: 60_000 },
  async () => {
    const seed = Date.now() % 1_000_000;
    const { wrong, orphans } = await soak({ seed, jobs: 300, kills: 2, restarts: 1 });
    expect({ seed, wrong, orphans }).toEqual({ seed, wrong: [], orphans: [] });
  },
);
