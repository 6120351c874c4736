// A million restarts of one task that fails at once: what is remembered of them has a bound.
import { Schedule, supervise, type RestartPolicy } from "cede";
import { runVirtual } from "cede/testing";
import { HighWater, hold } from "./heap.ts";

const delay = Schedule.fixed(1);
const ways: Record<string, RestartPolicy> = {
  "that count for ever": { limit: Infinity, delay },
  "that count for a second": { limit: Infinity, within: 1000, delay },
  "that count for years": { limit: Infinity, within: 1e11, delay },
};

await hold("restarts", ways, async (restart, count) => {
  const high = new HighWater(count);
  let starts = 0;
  await runVirtual(() =>
    supervise(
      function* (group) {
        group.createTask(function* () {
          high.look(++starts);
          if (starts <= count) throw new Error("failed");
        });
      },
      { restart, onFailure: () => {} },
    ),
  );
  return high.bytes;
});
