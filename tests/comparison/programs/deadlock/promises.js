import { setTimeout as sleep } from "node:timers/promises";

try {
  const a = (async () => {
    await sleep(1); // an async function begins at once
    await b;
  })();
  const b = (async () => {
    await a;
  })();
  await a;
} catch (error) {
  const { name, message } = error;
  const named = /\ba\b/.test(message) && /\bb\b/.test(message);
  console.log(`thrown: ${name}; tasks: ${named ? "both named" : "not named"}`);
}
