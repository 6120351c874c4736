import { runSaga } from "redux-saga";
import { delay } from "redux-saga/effects";

function* save() {
  yield delay(5);
  return 7;
}

// Its word is `yield`; what can be forgotten is that one.
await runSaga({}, function* () {
  const number = save();
  yield delay(10);
  console.log(`the line: goes on, with a value of type ${typeof number}`);
}).toPromise();
