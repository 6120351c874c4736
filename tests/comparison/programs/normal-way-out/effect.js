import { Effect } from "effect";

const facts = { finally: "cut short", release: "cut short" };

const release = (which) =>
  Effect.gen(function* () {
    yield* Effect.sleep(50);
    facts[which] = "ended";
  });

const withFinally = Effect.gen(function* () {
  try {
    yield* Effect.sleep(5);
  } finally {
    yield* release("finally");
  }
});

const withEnsuring = Effect.sleep(5).pipe(Effect.ensuring(release("release")));

await Effect.runPromise(
  Effect.gen(function* () {
    yield* withFinally.pipe(Effect.timeoutOption(20));
    yield* withEnsuring.pipe(Effect.timeoutOption(20));
    yield* Effect.sleep(100);
    console.log(`plain finally: ${facts.finally}; the system's own way: ${facts.release} (ensuring)`);
  }),
);
