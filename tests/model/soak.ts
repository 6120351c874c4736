// Random programs on Cede and on the model of its rules: what they do, and how they end, must be the same.
//
//   npm run soak -- --trees 100000              with a random seed, which is printed
//   npm run soak -- --trees 1 --seed 1234567    one of them again
//   npm run soak -- --everywhere                each one cancelled at its every point, too
import { parseArgs } from "node:util";
import { shrunk } from "./compare.ts";
import { examine, type Examined } from "./trials.ts";

const { values } = parseArgs({
  options: {
    trees: { type: "string", default: "10000" },
    seed: { type: "string" },
    everywhere: { type: "boolean", default: false },
    differences: { type: "string", default: "1" },
  },
});
const trees = Number(values.trees);
const seed = values.seed === undefined ? Math.floor(Math.random() * 2 ** 31) : Number(values.seed);
const most = Number(values.differences);

console.log(`${trees} trees from seed ${seed} on`);
const total: Examined = { trials: 0, events: 0, circles: 0, abandoned: 0, seen: new Set() };
let differing = 0;
for (let tree = 0; tree < trees && differing < most; tree++) {
  const trial = await examine(seed + tree, values.everywhere, total);
  if ((tree + 1) % 10_000 === 0) console.log(`${tree + 1} trees, ${total.trials} runs`);
  if (trial === null) continue;
  differing++;
  console.log(`\nDiffers: npm run soak -- --trees 1 --seed ${seed + tree}`);
  console.log(await shrunk(trial));
}
console.log(
  `${total.trials} runs compared, ${total.events} lines of what they did; ${total.circles} up to where tasks waited for each other, ${total.abandoned} up to where cleanup was abandoned`,
);
console.log(differing === 0 ? "No difference." : `${differing} differ.`);
process.exitCode = differing === 0 ? 0 : 1;
