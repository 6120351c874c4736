import { setTimeout as sleep } from "node:timers/promises";

async function work() {
  await sleep(10);
  throw new Error("boom");
}

let main = "ended well";
try {
  void work();
  await sleep(200);
} catch (error) {
  main = `failed with ${error.message}`;
}
console.log(`program: ${main}`);
