import { run, sleep } from "effection";

function* save() {
  yield* sleep(5);
  return 7;
}

try {
  await run(function* () {
    const number = yield save();
    console.log(`the line: goes on, with a value of type ${typeof number}`);
  });
} catch (error) {
  const helps = error.message.includes("yield*");
  console.log(`the line: throws ${error.name}${helps ? ", which says what to write" : ""}`);
}
