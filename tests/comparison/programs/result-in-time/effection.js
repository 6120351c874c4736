import { race, run, sleep, withResolvers } from "effection";
import { block } from "../../helpers.ts";

function* limit(ms) {
  yield* sleep(ms);
  throw new DOMException("late", "TimeoutError");
}

await run(function* () {
  const answer = withResolvers();
  setTimeout(() => {
    answer.resolve("the result");
    block(400);
  }, 50);
  let ended;
  try {
    ended = yield* race([answer.operation, limit(200)]);
  } catch (error) {
    ended = error.name;
  }
  console.log(`ended with: ${ended}`);
});
