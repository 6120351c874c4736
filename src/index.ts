export type { Awaitable, Body, Signal } from "./kernel/awaitable.ts";
export { coroutine, type Coroutine } from "./kernel/coroutine.ts";
export { cede, sleep, sleepForever, sleepUntil } from "./kernel/sleep.ts";
export { Future } from "./kernel/future.ts";
export type { Task, TaskOptions, TaskState } from "./kernel/task.ts";
export {
  CancellationEscapedError,
  CancelledError,
  DeadlockError,
  InvalidStateError,
  suppressedErrors,
  TimeoutError,
} from "./kernel/errors.ts";

export { allTasks, createTask, currentTask, run } from "./run/run.ts";
export {
  EventLoop,
  runningLoop,
  type CallHandle,
  type EventLoopOptions,
  type LoopStatistics,
  type RunOptions,
} from "./run/event-loop.ts";
export { runSync } from "./run/run-sync.ts";
export { toAsync, type AsyncFunction } from "./run/to-async.ts";

export { cancelScope, type CancelScope, type ScopeResult } from "./structure/cancel-scope.ts";
export { ContextVar, type ContextToken, type ContextVarOptions } from "./structure/context-var.ts";
export { currentDeadline } from "./structure/current-deadline.ts";
export { defer } from "./structure/defer.ts";
export {
  gracefulShutdown,
  type GracefulShutdownOptions,
  type Shutdown,
  type ShutdownResult,
} from "./structure/graceful-shutdown.ts";
export { resource, type Resource } from "./structure/resource.ts";
export { shield } from "./structure/shield.ts";
export type { ScopeOptions } from "./structure/cleanup-timeout.ts";
export type { GroupTaskOptions, TaskGroup } from "./structure/group.ts";
export type { Ready } from "./structure/start.ts";
export type { Restart, RestartPolicy } from "./structure/restart.ts";
export {
  supervise,
  type SupervisedGroup,
  type SupervisedTaskOptions,
  type SuperviseOptions,
} from "./structure/supervise.ts";
export { taskGroup, type TaskGroupOptions } from "./structure/task-group.ts";
export { moveOnAfter, timeout, timeoutAt, type MoveOn } from "./structure/timeout.ts";
export { waitFor, type WaitForOptions } from "./structure/wait-for.ts";
export { use } from "./structure/use.ts";

export { all, type Results } from "./combine/all.ts";
export { allSettled, type SettledResults } from "./combine/all-settled.ts";
export { asCompleted, type AsCompletedOptions } from "./combine/as-completed.ts";
export type { ResultOf, Startable } from "./combine/items.ts";
export { map, type MapOptions } from "./combine/map.ts";
export { any, race, type RaceOptions, type Winner } from "./combine/race.ts";
export type { Several } from "./combine/shape.ts";
export { wait, type Waited, type WaitOptions } from "./combine/wait.ts";

export { interval, type IntervalOptions } from "./policy/interval.ts";
export { RateLimiter, type RateLimiterOptions, type RateLimiterStatistics } from "./policy/rate-limiter.ts";
export { repeat, type RepeatOptions } from "./policy/repeat.ts";
export { retry, type Retry, type RetryPolicy } from "./policy/retry.ts";
export {
  Schedule,
  type ClockOptions,
  type ExponentialOptions,
  type JitterOptions,
  type ScheduleStep,
  type ScheduleUse,
} from "./policy/schedule.ts";
export { singleFlight, type SingleFlightOptions } from "./policy/single-flight.ts";

export {
  Broadcast,
  type BroadcastStatistics,
  type SubscribeOptions,
  type Subscription,
  type SubscriptionStatistics,
} from "./channels/broadcast.ts";
export type { ChannelStatistics, Overflow } from "./channels/base-channel.ts";
export { Channel, type ChannelOptions } from "./channels/channel.ts";
export type { Receiver, Sender } from "./channels/ends.ts";
export { BrokenChannelError, ChannelClosedError, ChannelFullError } from "./channels/errors.ts";
export { PriorityChannel, type PriorityChannelOptions } from "./channels/priority.ts";
export type { ItemOrEnd } from "./channels/waits.ts";
export { Watch, type WatchStatistics } from "./channels/watch.ts";
export { select, type Selected, type SelectOptions } from "./channels/select.ts";

export { abortSignal } from "./interop/abort-signal.ts";
export { call, type CallOptions } from "./interop/call.ts";
export { until } from "./interop/until.ts";

export { Barrier, BrokenBarrierError, type BarrierStatistics } from "./sync/barrier.ts";
export { CapacityLimiter, type CapacityLimiterStatistics } from "./sync/capacity-limiter.ts";
export { Condition, type ConditionOptions, type ConditionStatistics } from "./sync/condition.ts";
export { Event, Event as AsyncEvent, type EventStatistics } from "./sync/event.ts";
export { Lock, type LockGuard, type LockStatistics } from "./sync/lock.ts";
export { Once, type OnceStatistics } from "./sync/once.ts";
export {
  Semaphore,
  type SemaphoreGuard,
  type SemaphoreOptions,
  type SemaphoreStatistics,
} from "./sync/semaphore.ts";
export type { Guard, SyncOptions } from "./sync/holding.ts";
