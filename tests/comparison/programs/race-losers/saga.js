import { runSaga } from "redux-saga";
import { call, delay, race } from "redux-saga/effects";

let loser = "runs on";

function* slow() {
  try {
    yield delay(500);
    loser = "ran to its end";
  } finally {
    if (loser === "runs on") loser = "is being stopped";
    yield delay(20);
    if (loser === "is being stopped") loser = "is stopped and cleaned up";
  }
}

await runSaga({}, function* () {
  yield race([call(slow), delay(10)]);
  console.log(`loser, when the race is over: ${loser}; who saw to it: the system`);
}).toPromise();
