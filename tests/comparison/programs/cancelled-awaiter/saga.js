import { runSaga } from "redux-saga";
import { cancel, delay, fork, join } from "redux-saga/effects";

await runSaga({}, function* () {
  let awaited = "stopped";
  const task = yield fork(function* () {
    yield delay(200);
    awaited = "went on to its end";
  });
  const awaiter = yield fork(function* () {
    yield join(task);
  });
  yield delay(10);
  yield cancel(awaiter);
  yield delay(400);
  console.log(`task that was awaited: ${awaited}`);
}).toPromise();
