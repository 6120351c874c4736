import { runSaga } from "redux-saga";
import { call, delay, race } from "redux-saga/effects";

const facts = { finally: "cut short" };

function* release(which) {
  yield delay(50);
  facts[which] = "ended";
}

function* withFinally() {
  try {
    yield delay(5);
  } finally {
    yield call(release, "finally");
  }
}

await runSaga({}, function* () {
  yield race([call(withFinally), delay(20)]);
  yield delay(100);
  console.log(`plain finally: ${facts.finally}; the system's own way: not offered`);
}).toPromise();
