import { Future, run, runningLoop, timeout } from "../../../../src/index.ts";
import { block } from "../../helpers.ts";

await run(function* () {
  const answer = new Future<string>();
  runningLoop().callLater(50, () => {
    answer.setResult("the result");
    block(400);
  });
  let ended: string;
  try {
    ended = yield* timeout(200, () => answer);
  } catch (error) {
    ended = (error as Error).name;
  }
  console.log(`ended with: ${ended}`);
});
