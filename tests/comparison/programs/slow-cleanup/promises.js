import { setTimeout as sleep } from "node:timers/promises";

let cleanup = "still running";

async function work(signal) {
  try {
    await sleep(1000, undefined, { signal });
  } finally {
    await sleep(50);
    cleanup = "ended";
  }
}

try {
  await work(AbortSignal.timeout(10));
} catch (error) {
  const { name } = error.cause ?? error; // this sleep wraps the signal's reason
  console.log(`thrown: ${name}; cleanup by then: ${cleanup}`);
}
