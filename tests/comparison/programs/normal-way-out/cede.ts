import { coroutine, defer, moveOnAfter, run, sleep } from "../../../../src/index.ts";

const facts = { finally: "cut short", release: "cut short" };

const release = coroutine(function* release(which: keyof typeof facts) {
  yield* sleep(50);
  facts[which] = "ended";
});

await run(function* () {
  yield* moveOnAfter(20, function* () {
    try {
      yield* sleep(5);
    } finally {
      yield* release("finally");
    }
  });
  yield* moveOnAfter(20, function* () {
    defer(() => release("release"));
    yield* sleep(5);
  });
  yield* sleep(100);
  console.log(`plain finally: ${facts.finally}; the system's own way: ${facts.release} (defer)`);
});
