export { cancelEverywhere, type CancelEverywhereOptions } from "./cancel-everywhere.ts";
export { VirtualClock } from "./virtual-clock.ts";
export type { Finding } from "./findings.ts";
export type { OrderOptions } from "./order.ts";
export { runTest, type RunTestOptions } from "./run-test.ts";
export { runVirtual } from "./run-virtual.ts";
export { Sequencer } from "./sequencer.ts";
export { transcript, type Transcript, type TranscriptOptions } from "./transcript.ts";
export { waitAllParked } from "../lowlevel.ts";
export {
  explore,
  replay,
  type ExploreOptions,
  type ExploreReport,
  type ExploreStrategy,
  type ReplayOptions,
} from "./explore.ts";
export { picture } from "./explore/picture.ts";
export type { ExploreFailure } from "./explore/search.ts";
export type { ScheduleStep } from "./explore/recording.ts";
export type { TraceEvent, TraceHeader, TraceTarget } from "./explore/trace-events.ts";
export { watch } from "./watch.ts";
