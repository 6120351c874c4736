import { moveOnAfter, run, sleep, until } from "../../../../src/index.ts";

let heard = "nothing";
process.on("unhandledRejection", () => (heard = "a rejection"));

const late = new Promise<never>((_, reject) => setTimeout(() => reject(new Error("boom")), 300));
await run(function* () {
  yield* moveOnAfter(50, () => until(late));
  yield* sleep(500);
});
console.log(`unhandled: ${heard}`);
