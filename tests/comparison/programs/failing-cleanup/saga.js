import { runSaga } from "redux-saga";
import { all, call, delay } from "redux-saga/effects";
import { holdsBoth } from "../../holds-both.js";

await runSaga({ onError: () => {} }, function* () {
  try {
    yield all([
      call(function* () {
        yield delay(10);
        throw new Error("first");
      }),
      call(function* () {
        try {
          yield delay(1000);
        } finally {
          yield delay(5);
          throw new Error("second");
        }
      }),
    ]);
  } catch (error) {
    yield delay(50); // there is no way to wait for the cleanup
    const kept = holdsBoth(error);
    console.log(`thrown: ${error.message}; other error: ${kept ? "kept" : "lost"}`);
  }
}).toPromise();
