import { runSaga } from "redux-saga";
import { cancel, delay, fork, join, spawn } from "redux-saga/effects";

const facts = { part: "was still running", after: "did not run" };

await runSaga({}, function* () {
  const task = yield fork(function* () {
    const part = yield spawn(function* () {
      yield delay(30);
      facts.part = "had ended";
    });
    yield join(part);
    yield delay(30);
    facts.after = "ran";
  });
  yield delay(10);
  yield cancel(task);
  const { part } = facts;
  yield delay(100);
  console.log(`protected part, when the task had ended: ${part}; line after it: ${facts.after}`);
}).toPromise();
