import { block } from "../../helpers.ts";

/** Waits for a promise until the signal comes. */
async function wait(promise, signal) {
  const { promise: aborted, reject } = Promise.withResolvers();
  signal.addEventListener("abort", () => reject(signal.reason), { once: true });
  return Promise.race([promise, aborted]);
}

const answer = Promise.withResolvers();
setTimeout(() => {
  answer.resolve("the result");
  block(400);
}, 50);
const ended = await wait(answer.promise, AbortSignal.timeout(200)).catch((error) => error.name);
console.log(`ended with: ${ended}`);
