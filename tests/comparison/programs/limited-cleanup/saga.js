import { runSaga } from "redux-saga";
import { cancel, delay, fork, race } from "redux-saga/effects";

let cleanup = "cut";

await runSaga({}, function* () {
  const task = yield fork(function* () {
    try {
      yield delay(1000);
    } finally {
      const { expired } = yield race({ ended: delay(200), expired: delay(10) });
      yield delay(5);
      cleanup = expired ? "its limit was kept, and it ended" : "its limit was not kept";
    }
  });
  yield delay(10);
  yield cancel(task);
  yield delay(300); // there is no way to wait for the cleanup
  console.log(`cleanup: ${cleanup}`);
}).toPromise();
