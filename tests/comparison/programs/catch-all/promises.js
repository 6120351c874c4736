import { setTimeout as sleep } from "node:timers/promises";

let tries = 0;

async function poll(signal) {
  while (tries < 5) {
    try {
      tries++;
      await sleep(100, undefined, { signal });
    } catch {}
  }
}

const controller = new AbortController();
poll(controller.signal);
await sleep(10);
controller.abort();
await sleep(600);
console.log(`tries after the cancellation: ${tries - 1}`);
