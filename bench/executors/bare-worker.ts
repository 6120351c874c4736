// A worker thread with nothing around it: it answers each message with its result.
import { parentPort } from "node:worker_threads";
import { add, primesBelow } from "./jobs.ts";

type Message = readonly [
  number,
  { a: number; b: number } | Uint8Array<ArrayBuffer> | number,
  readonly ArrayBuffer[],
];

parentPort!.on("message", ([id, value]: Message) => {
  if (typeof value === "number") return parentPort!.postMessage([id, primesBelow(value)]);
  if (!(value instanceof Uint8Array)) return parentPort!.postMessage([id, add(value)]);
  parentPort!.postMessage([id, value]);
});
