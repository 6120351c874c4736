import { setTimeout as sleep } from "node:timers/promises";

const facts = { inner: "cut", outer: "cut", line: "did not run" };

async function inner(signal) {
  try {
    await sleep(1000, undefined, { signal });
  } finally {
    await sleep(5);
    facts.inner = "ended";
  }
}

async function outer(signal) {
  try {
    await inner(signal);
    facts.line = "ran";
  } finally {
    await sleep(5);
    facts.outer = "ended";
  }
}

const controller = new AbortController();
const task = outer(controller.signal);
await sleep(10);
controller.abort();
await task.catch(() => {});
console.log(
  `inner cleanup: ${facts.inner}; outer cleanup: ${facts.outer}; line after the call: ${facts.line}`,
);
