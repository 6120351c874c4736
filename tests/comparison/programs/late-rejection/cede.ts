import { moveOnAfter, run, sleep, until } from "../../../../src/index.ts";

let heard = "nothing";
process.on("unhandledRejection", () => (heard = "a rejection"));

const late = new Promise<never>((_, reject) => setTimeout(() => reject(new Error("boom")), 30));
await run(function* () {
  yield* moveOnAfter(10, () => until(late));
  yield* sleep(50);
});
console.log(`unhandled: ${heard}`);
