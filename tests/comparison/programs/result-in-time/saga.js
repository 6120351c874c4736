import { runSaga } from "redux-saga";
import { call, delay, race } from "redux-saga/effects";
import { block } from "../../helpers.ts";

await runSaga({}, function* () {
  const answer = Promise.withResolvers();
  setTimeout(() => {
    answer.resolve("the result");
    block(40);
  }, 10);
  const { result } = yield race({ result: call(() => answer.promise), late: delay(20) });
  console.log(`ended with: ${result ?? "TimeoutError"}`);
}).toPromise();
