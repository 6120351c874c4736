export { cancelEverywhere, type CancelEverywhereOptions } from "./cancel-everywhere.ts";
export { VirtualClock } from "./virtual-clock.ts";
export { runVirtual } from "./run-virtual.ts";
export { transcript, type Transcript } from "./transcript.ts";
export {
  explore,
  replay,
  type ExploreOptions,
  type ExploreReport,
  type ExploreStrategy,
  type ReplayOptions,
} from "./explore.ts";
export type { ExploreFailure } from "./explore/search.ts";
export type { ScheduleStep, TraceEvent } from "./explore/recording.ts";
export { watch } from "./watch.ts";
