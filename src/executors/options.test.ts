/** What executors can be told: whatever they cannot is refused where it is told, with what they can. */
import { describe, expect, test } from "vitest";
import { InvalidStateError } from "../index.ts";
import { cluster, inline, serveCluster, threads } from "./index.ts";

const url = new URL("file:///jobs.ts");
const queue = { queue: "q", redis: "redis://localhost" };

describe("an option that there is not is refused", () => {
  test.each<[call: (options: never) => unknown, options: object, says: string]>([
    [
      (options) => inline({}, options),
      { concurency: 5 },
      "Cannot run jobs inline: there is no option concurency. There are name, maxWaiting, drainTimeout, grace, concurrency.",
    ],
    [
      (options) => threads(url, options),
      { wrokers: 5 },
      "Cannot run jobs on threads: there is no option wrokers. There are name, maxWaiting, drainTimeout, grace, workers, " +
        "concurrency, resourceLimits, execArgv, env.",
    ],
    [
      (options) => cluster(options),
      { ...queue, maxPayLoad: 5 },
      "Cannot run jobs on a cluster: there is no option maxPayLoad. There are queue, redis, prefix, maxPayload, name, " +
        "maxWaiting, drainTimeout, concurrency, keepCompleted, keepFailed, pollInterval, connectTimeout.",
    ],
    [
      (options) => cluster(options),
      { ...queue, grace: 5 },
      "Cannot run jobs on a cluster with `grace`: how long a job that was cancelled may go on is up to its worker. Give it " +
        "to serveCluster.",
    ],
    [
      (options) => serveCluster({}, options),
      { ...queue, workers: 5 },
      "Cannot serve a queue: there is no option workers. There are queue, redis, prefix, maxPayload, concurrency, name, " +
        "stalledInterval, maxStalledCount, drainTimeout, grace, threads, connectTimeout, onState.",
    ],
    [
      (options) => threads(url, { resourceLimits: options }),
      { maxMemory: 5 },
      "Cannot set resourceLimits: there is no option maxMemory. There are maxOldGenerationSizeMb, " +
        "maxYoungGenerationSizeMb, codeRangeSizeMb, stackSizeMb.",
    ],
  ])("%s with %j", (call, options, says) => {
    expect(() => call(options as never)).toThrow(new TypeError(says));
  });
  test("and what is no options at all", () => {
    expect(() => inline({}, null as never)).toThrow(
      new TypeError("Cannot run jobs inline with null: give an object of options."),
    );
    expect(() => threads(url, 5 as never)).toThrow(
      new TypeError("Cannot run jobs on threads with 5: give an object of options."),
    );
  });
  test("one that is undefined is one that is not given", () => {
    const options = { workers: undefined, resourceLimits: { stackSizeMb: undefined } };
    expect(() => threads(url, options as never)).toThrow(InvalidStateError); // since no task is running here
  });
});

describe("a number that it cannot be is refused with those that it can", () => {
  test.each<[options: object, says: string]>([
    [{ workers: 0 }, "Cannot set workers to 0: give a whole number, 1 or more."],
    [{ workers: Infinity }, "Cannot set workers to Infinity: give a whole number, 1 or more."],
    [{ concurrency: Infinity }, "Cannot set concurrency to Infinity: give a whole number, 1 or more."],
    [{ maxWaiting: -1 }, "Cannot set maxWaiting to -1: give a whole number, 0 or more, or Infinity."],
    [{ resourceLimits: { stackSizeMb: "4" } }, "Cannot set stackSizeMb to 4: give megabytes, more than 0."],
    [
      { resourceLimits: { maxOldGenerationSizeMb: 0 } },
      "Cannot set maxOldGenerationSizeMb to 0: give megabytes, more than 0.",
    ],
  ])("%j", (options, says) => {
    expect(() => threads(url, options)).toThrow(new RangeError(says));
  });
});
