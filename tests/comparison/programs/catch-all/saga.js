import { runSaga } from "redux-saga";
import { cancel, delay, fork } from "redux-saga/effects";

let tries = 0;

await runSaga({}, function* () {
  const task = yield fork(function* () {
    while (tries < 5) {
      try {
        tries++;
        yield delay(100);
      } catch {}
    }
  });
  yield delay(10);
  yield cancel(task);
  yield delay(600);
  console.log(`tries after the cancellation: ${tries - 1}`);
}).toPromise();
