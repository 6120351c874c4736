import { setTimeout as sleep } from "node:timers/promises";

let loser = "runs on";

async function slow(signal) {
  try {
    await sleep(500, undefined, { signal });
    loser = "ran to its end";
  } finally {
    if (loser === "runs on") loser = "is being stopped";
    await sleep(20);
    if (loser === "is being stopped") loser = "is stopped and cleaned up";
  }
}

const controller = new AbortController();
const { signal } = controller;
const racers = [slow(signal), sleep(10, undefined, { signal })];
try {
  await Promise.race(racers);
} finally {
  controller.abort();
  await Promise.allSettled(racers);
}
console.log(`loser, when the race is over: ${loser}; who saw to it: the program`);
