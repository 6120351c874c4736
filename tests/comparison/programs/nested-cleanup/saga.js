import { runSaga } from "redux-saga";
import { call, cancel, delay, fork } from "redux-saga/effects";

const facts = { inner: "cut", outer: "cut", line: "did not run" };

function* inner() {
  try {
    yield delay(1000);
  } finally {
    yield delay(5);
    facts.inner = "ended";
  }
}

function* outer() {
  try {
    yield call(inner);
    facts.line = "ran";
  } finally {
    yield delay(5);
    facts.outer = "ended";
  }
}

await runSaga({}, function* () {
  const task = yield fork(outer);
  yield delay(10);
  yield cancel(task);
  yield delay(50); // there is no way to wait for the cleanup
  console.log(
    `inner cleanup: ${facts.inner}; outer cleanup: ${facts.outer}; line after the call: ${facts.line}`,
  );
}).toPromise();
