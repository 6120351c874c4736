import { setTimeout as sleep } from "node:timers/promises";

let cleanup = "cut";

async function work(signal) {
  try {
    await sleep(1000, undefined, { signal });
  } finally {
    await sleep(30);
    cleanup = "ended";
  }
}

const controller = new AbortController();
const task = work(controller.signal).catch(() => {});
await sleep(10);
controller.abort();
await sleep(10);
controller.abort();
await task;
await sleep(100);
console.log(`cleanup: ${cleanup}`);
