import { setTimeout as sleep } from "node:timers/promises";

let heard = "nothing";
process.on("unhandledRejection", () => (heard = "a rejection"));

const late = new Promise((_, reject) => setTimeout(() => reject(new Error("boom")), 300));
await Promise.race([late, sleep(50)]);
await sleep(500);
console.log(`unhandled: ${heard}`);
