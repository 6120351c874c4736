// npm run soak:cluster -- [--jobs 10000] [--seed N] [--kills 20] [--restarts 5]
import { parseArgs } from "node:util";
import { soak } from "./soak.ts";

const { values } = parseArgs({
  options: {
    jobs: { type: "string", default: "10000" },
    seed: { type: "string", default: String(Date.now() % 1_000_000) },
    kills: { type: "string", default: "20" },
    restarts: { type: "string", default: "5" },
  },
});
const [jobs, seed, kills, restarts] = [values.jobs, values.seed, values.kills, values.restarts].map(
  Number,
) as [number, number, number, number];
console.log(`${jobs} jobs, ${kills} workers killed, Redis restarted ${restarts} times, seed ${seed}`);
const { wrong, orphans, ...told } = await soak({ jobs, seed, kills, restarts });
console.log(told);
for (const problem of [...wrong, ...orphans.map((key) => `left in Redis: ${key}`)].slice(0, 50))
  console.error(problem);
console.log(
  wrong.length + orphans.length === 0
    ? "Each call had one outcome, and nothing is left in Redis."
    : `${wrong.length} calls went wrong, ${orphans.length} keys are left. Again: npm run soak:cluster -- --jobs ${jobs} --kills ${kills} --restarts ${restarts} --seed ${seed}`,
);
process.exitCode = wrong.length + orphans.length === 0 ? 0 : 1;
