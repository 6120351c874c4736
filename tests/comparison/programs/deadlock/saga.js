import { runSaga } from "redux-saga";
import { delay, fork, join } from "redux-saga/effects";

try {
  await runSaga({}, function* () {
    const a = yield fork(function* () {
      yield delay(1); // a fork begins at once
      yield join(b);
    });
    const b = yield fork(function* () {
      yield join(a);
    });
    yield join(a);
  }).toPromise();
} catch (error) {
  const { name, message } = error;
  const named = /\ba\b/.test(message) && /\bb\b/.test(message);
  console.log(`thrown: ${name}; tasks: ${named ? "both named" : "not named"}`);
}
