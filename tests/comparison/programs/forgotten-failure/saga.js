import { runSaga } from "redux-saga";
import { delay, fork } from "redux-saga/effects";

let main = "ended well";
try {
  const task = runSaga({ onError: () => {} }, function* () {
    yield fork(function* () {
      yield delay(10);
      throw new Error("boom");
    });
    yield delay(200);
  });
  await task.toPromise();
} catch (error) {
  main = `failed with ${error.message}`;
}
console.log(`program: ${main}`);
