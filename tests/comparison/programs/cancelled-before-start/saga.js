import { runSaga } from "redux-saga";
import { cancel, delay, fork } from "redux-saga/effects";

await runSaga({}, function* () {
  let body = "did not begin";
  const task = yield fork(function* () {
    body = "began";
    yield delay(20);
    body = "ran to its end";
  });
  yield cancel(task);
  yield delay(50);
  console.log(`body: ${body}`);
}).toPromise();
