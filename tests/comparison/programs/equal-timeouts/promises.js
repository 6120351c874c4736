import { setTimeout as sleep } from "node:timers/promises";

let inner = "did not run";
let outer = "not kept";

async function work(signal) {
  try {
    await sleep(500, undefined, { signal: AbortSignal.any([signal, AbortSignal.timeout(20)]) });
  } catch {
    inner = "ran";
    await sleep(500, undefined, { signal });
  }
}

try {
  await work(AbortSignal.timeout(20));
} catch (error) {
  if ((error.cause ?? error).name === "TimeoutError") outer = "kept";
}
console.log(`outer limit: ${outer}; inner handler: ${inner}`);
