import { runSaga } from "redux-saga";
import { call } from "redux-saga/effects";

function* depth(n) {
  return n === 0 ? 0 : 1 + (yield call(depth, n - 1));
}

const result = await runSaga({ onError: () => {} }, depth, 100_000)
  .toPromise()
  .catch((error) => error.name);
console.log(`result: ${result}`);
