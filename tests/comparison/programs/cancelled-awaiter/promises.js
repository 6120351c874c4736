import { setTimeout as sleep } from "node:timers/promises";

/** Waits for a promise until the signal comes. */
async function wait(promise, signal) {
  const { promise: aborted, reject } = Promise.withResolvers();
  signal.addEventListener("abort", () => reject(signal.reason), { once: true });
  return Promise.race([promise, aborted]);
}

let awaited = "stopped";
const task = sleep(200).then(() => {
  awaited = "went on to its end";
});
const controller = new AbortController();
const awaiter = wait(task, controller.signal);
await sleep(10);
controller.abort();
await awaiter.catch(() => {});
await sleep(400);
console.log(`task that was awaited: ${awaited}`);
