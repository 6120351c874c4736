import { race, run, sleep } from "effection";

let loser = "runs on";

function* slow() {
  try {
    yield* sleep(500);
    loser = "ran to its end";
  } finally {
    if (loser === "runs on") loser = "is being stopped";
    yield* sleep(20);
    if (loser === "is being stopped") loser = "is stopped and cleaned up";
  }
}

await run(function* () {
  yield* race([slow(), sleep(10)]);
  console.log(`loser, when the race is over: ${loser}; who saw to it: the system`);
});
