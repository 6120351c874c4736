import { coroutine, run, sleep } from "../../../../src/index.ts";

const save = coroutine(function* save() {
  yield* sleep(5);
  return 7;
});

try {
  // @ts-expect-error -- the types say so, too
  await run(function* () {
    const number = yield save();
    console.log(`the line: goes on, with a value of type ${typeof number}`);
  });
} catch (error) {
  const helps = (error as Error).message.includes("yield*");
  console.log(`the line: throws ${(error as Error).name}${helps ? ", which says what to write" : ""}`);
}
