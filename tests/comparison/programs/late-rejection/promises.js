import { setTimeout as sleep } from "node:timers/promises";

let heard = "nothing";
process.on("unhandledRejection", () => (heard = "a rejection"));

const late = new Promise((_, reject) => setTimeout(() => reject(new Error("boom")), 30));
await Promise.race([late, sleep(10)]);
await sleep(50);
console.log(`unhandled: ${heard}`);
