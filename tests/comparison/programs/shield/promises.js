import { setTimeout as sleep } from "node:timers/promises";

const facts = { part: "cut", after: "did not run" };

async function work(signal) {
  await sleep(30);
  facts.part = "had ended";
  await sleep(30, undefined, { signal });
  facts.after = "ran";
}

const controller = new AbortController();
const task = work(controller.signal);
await sleep(10);
controller.abort();
await task.catch(() => {});
const { part } = facts;
await sleep(100);
console.log(`protected part, when the task had ended: ${part}; line after it: ${facts.after}`);
