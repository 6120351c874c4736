import { setTimeout as sleep } from "node:timers/promises";

async function save() {
  await sleep(5);
  return 7;
}

const number = save();
await sleep(10);
console.log(`the line: goes on, with a value of type ${typeof number}`);
