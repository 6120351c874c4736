import { runSaga } from "redux-saga";
import { cancel, delay, fork } from "redux-saga/effects";

let cleanup = "cut";

await runSaga({}, function* () {
  const task = yield fork(function* () {
    try {
      yield delay(1000);
    } finally {
      yield delay(30);
      cleanup = "ended";
    }
  });
  yield delay(10);
  yield cancel(task);
  yield delay(10);
  yield cancel(task);
  yield delay(100);
  console.log(`cleanup: ${cleanup}`);
}).toPromise();
