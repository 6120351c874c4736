import { runSaga } from "redux-saga";
import { call, delay, race } from "redux-saga/effects";

let heard = "nothing";
process.on("unhandledRejection", () => (heard = "a rejection"));

const late = new Promise((_, reject) => setTimeout(() => reject(new Error("boom")), 30));
await runSaga({}, function* () {
  yield race([call(() => late), delay(10)]);
  yield delay(50);
}).toPromise();
console.log(`unhandled: ${heard}`);
