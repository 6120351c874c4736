export { cancelEverywhere, type CancelEverywhereOptions } from "./cancel-everywhere.ts";
export { VirtualClock } from "./virtual-clock.ts";
export { runVirtual } from "./run-virtual.ts";
export { transcript, type Transcript } from "./transcript.ts";
