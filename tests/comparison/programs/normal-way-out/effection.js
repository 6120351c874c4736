import { ensure, race, run, scoped, sleep } from "effection";

const facts = { finally: "cut short", release: "cut short" };

function* release(which) {
  yield* sleep(50);
  facts[which] = "ended";
}

function* withFinally() {
  try {
    yield* sleep(5);
  } finally {
    yield* release("finally");
  }
}

function* withEnsure() {
  yield* ensure(() => release("release"));
  yield* sleep(5);
}

await run(function* () {
  yield* race([withFinally(), sleep(20)]);
  yield* race([scoped(withEnsure), sleep(20)]);
  yield* sleep(100);
  console.log(`plain finally: ${facts.finally}; the system's own way: ${facts.release} (ensure)`);
});
