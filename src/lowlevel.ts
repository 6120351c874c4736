export type { Awaitable, Body, Signal } from "./kernel/awaitable.ts";
export { suppress } from "./kernel/errors.ts";
export { isAwaitable } from "./kernel/given.ts";
export { park, type ParkedWait, type ParkOptions } from "./kernel/park.ts";
export { checkpoint } from "./kernel/sleep.ts";
export type {
  Cancellation,
  JobEvent,
  Monitor,
  Report,
  Target,
  TaskInfo,
  WaitInfo,
  WaitKind,
} from "./kernel/monitor.ts";
export { jobObserver, type JobObserver } from "./kernel/observe.ts";
export { parkedAt } from "./kernel/place.ts";
export type { Host } from "./kernel/host.ts";
export { firstInFirstOut, type Runnable, type Scheduler } from "./kernel/ready.ts";
export { hasAbortSignal } from "./interop/abort-signal.ts";
export { waitAllParked } from "./kernel/all-parked.ts";
export { callOutside } from "./run/call-outside.ts";
export { runApart, type RunApartOptions } from "./run/run-apart.ts";
export { printReport } from "./run/print-report.ts";
