import { runSaga } from "redux-saga";
import { call } from "redux-saga/effects";

function* cached() {
  return 1;
}

const start = performance.now();
let fired = Infinity;
setTimeout(() => (fired = performance.now() - start), 20);

await runSaga({}, function* () {
  while (performance.now() - start < 300) yield call(cached);
}).toPromise();
setTimeout(
  () => console.log(`host's timer: ${fired < 150 ? "on time" : "held up until the loop ended"}`),
  50,
);
