import { race, run, sleep, until } from "effection";

let heard = "nothing";
process.on("unhandledRejection", () => (heard = "a rejection"));

const late = new Promise((_, reject) => setTimeout(() => reject(new Error("boom")), 300));
await run(function* () {
  yield* race([until(late), sleep(50)]);
  yield* sleep(500);
});
console.log(`unhandled: ${heard}`);
