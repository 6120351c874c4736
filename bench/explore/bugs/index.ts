import type { Bug } from "../support.ts";
import { goBugs } from "./goker.ts";
import { beyond, lockFreeBugs } from "./lock-free.ts";
import { dataBugs } from "./sct-data.ts";
import { deadlockBugs } from "./sct-deadlock.ts";
import { orderBugs } from "./sct-order.ts";
import { waitingBugs } from "./waiting.ts";

/** All of them have to be found. */
export const bugs: readonly Bug[] = [
  ...dataBugs,
  ...orderBugs,
  ...deadlockBugs,
  ...lockFreeBugs,
  ...waitingBugs,
  ...goBugs,
];

export { beyond };
