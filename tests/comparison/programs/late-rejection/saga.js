import { runSaga } from "redux-saga";
import { call, delay, race } from "redux-saga/effects";

let heard = "nothing";
process.on("unhandledRejection", () => (heard = "a rejection"));

const late = new Promise((_, reject) => setTimeout(() => reject(new Error("boom")), 300));
await runSaga({}, function* () {
  yield race([call(() => late), delay(50)]);
  yield delay(500);
}).toPromise();
console.log(`unhandled: ${heard}`);
