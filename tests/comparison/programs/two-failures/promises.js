import { setTimeout as sleep } from "node:timers/promises";
import { holdsBoth } from "../../holds-both.js";

async function fail(name) {
  await sleep(10);
  throw new Error(name);
}

try {
  await Promise.all([fail("first"), fail("second")]);
} catch (error) {
  const kept = holdsBoth(error);
  console.log(`thrown: ${error.message}; other error: ${kept ? "kept" : "lost"}`);
}
