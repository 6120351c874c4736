import { setTimeout as sleep } from "node:timers/promises";

const facts = { finally: "cut short", release: "cut short" };

async function release(which) {
  await sleep(50);
  facts[which] = "ended";
}

async function withFinally(signal) {
  try {
    await sleep(5, undefined, { signal });
  } finally {
    await release("finally");
  }
}

async function withStack(signal) {
  const stack = { [Symbol.asyncDispose]: () => release("release") };
  try {
    await sleep(5, undefined, { signal });
  } finally {
    await stack[Symbol.asyncDispose]();
  }
}

await withFinally(AbortSignal.timeout(20)).catch(() => {});
await withStack(AbortSignal.timeout(20)).catch(() => {});
await sleep(100);
console.log(`plain finally: ${facts.finally}; the system's own way: ${facts.release} (asyncDispose)`);
