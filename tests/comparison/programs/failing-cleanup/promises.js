import { setTimeout as sleep } from "node:timers/promises";
import { holdsBoth } from "../../holds-both.js";

async function first(signal) {
  await sleep(10, undefined, { signal });
  throw new Error("first");
}

async function other(signal) {
  try {
    await sleep(1000, undefined, { signal });
  } finally {
    await sleep(5);
    throw new Error("second");
  }
}

const controller = new AbortController();
const both = [first(controller.signal), other(controller.signal)];
try {
  await Promise.all(both);
} catch (error) {
  controller.abort();
  await Promise.allSettled(both);
  const kept = holdsBoth(error);
  console.log(`thrown: ${error.message}; other error: ${kept ? "kept" : "lost"}`);
}
