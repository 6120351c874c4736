import { runSaga } from "redux-saga";
import { call, delay, race } from "redux-saga/effects";
import { block } from "../../helpers.ts";

await runSaga({}, function* () {
  const answer = Promise.withResolvers();
  setTimeout(() => {
    answer.resolve("the result");
    block(400);
  }, 50);
  const { result } = yield race({ result: call(() => answer.promise), late: delay(200) });
  console.log(`ended with: ${result ?? "TimeoutError"}`);
}).toPromise();
