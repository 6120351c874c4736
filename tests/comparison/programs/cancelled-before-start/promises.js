import { setTimeout as sleep } from "node:timers/promises";

let body = "did not begin";

async function work(signal) {
  signal.throwIfAborted();
  body = "began";
  await sleep(20, undefined, { signal });
  body = "ran to its end";
}

const controller = new AbortController();
const task = work(controller.signal);
controller.abort();
await task.catch(() => {});
await sleep(50);
console.log(`body: ${body}`);
