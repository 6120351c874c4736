import { runSaga } from "redux-saga";
import { call, delay, race } from "redux-saga/effects";

let cleanup = "still running";

function* work() {
  try {
    yield delay(1000);
  } finally {
    yield delay(50);
    cleanup = "ended";
  }
}

await runSaga({}, function* () {
  try {
    const { late } = yield race({ result: call(work), late: delay(10) });
    if (late) throw new DOMException("late", "TimeoutError");
  } catch (error) {
    console.log(`thrown: ${error.name}; cleanup by then: ${cleanup}`);
  }
}).toPromise();
