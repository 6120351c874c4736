import { setTimeout as sleep } from "node:timers/promises";

let cleanup = "cut";

async function work(signal) {
  try {
    await sleep(1000, undefined, { signal });
  } finally {
    const limit = AbortSignal.timeout(10);
    await sleep(200, undefined, { signal: limit }).catch(() => {});
    await sleep(5);
    cleanup = limit.aborted ? "its limit was kept, and it ended" : "its limit was not kept";
  }
}

const controller = new AbortController();
const task = work(controller.signal);
await sleep(10);
controller.abort();
await task.catch(() => {});
console.log(`cleanup: ${cleanup}`);
