import { runSaga } from "redux-saga";
import { call, delay, race } from "redux-saga/effects";

let inner = "did not run";
let outer = "not kept";

function* work() {
  const { late } = yield race({ result: delay(500), late: delay(20) });
  if (late) {
    inner = "ran";
    yield delay(500);
  }
}

await runSaga({}, function* () {
  const { late } = yield race({ result: call(work), late: delay(20) });
  if (late) outer = "kept";
  console.log(`outer limit: ${outer}; inner handler: ${inner}`);
}).toPromise();
