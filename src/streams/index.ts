export { iterate, type IterateOptions, type Items } from "./items.ts";
export type { ChannelSource, Source, StreamSource, WebStreamSource } from "./source.ts";
export {
  merge,
  stream,
  Stream,
  zip,
  type BufferOptions,
  type ChunkOptions,
  type ItemOf,
  type StreamMapOptions,
  type ThrottleOptions,
} from "./stream.ts";
export type { Given } from "./awaiting.ts";
export { on, once, type EmitterLike, type OnOptions, type TargetLike } from "./events.ts";
export { toAsyncIterable, toReadableStream } from "./to-async-iterable.ts";
