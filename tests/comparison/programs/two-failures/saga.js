import { runSaga } from "redux-saga";
import { all, call, delay } from "redux-saga/effects";
import { holdsBoth } from "../../holds-both.js";

function* fail(name) {
  yield delay(10);
  throw new Error(name);
}

await runSaga({ onError: () => {} }, function* () {
  try {
    yield all([call(fail, "first"), call(fail, "second")]);
  } catch (error) {
    const kept = holdsBoth(error);
    console.log(`thrown: ${error.message}; other error: ${kept ? "kept" : "lost"}`);
  }
}).toPromise();
