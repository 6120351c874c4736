import type { Workload } from "../harness/workload.ts";
import { call } from "./call.ts";
import { deep } from "./deep.ts";
import { map } from "./map.ts";
import { memory } from "./memory.ts";
import { pingpong } from "./pingpong.ts";
import { prodcons } from "./prodcons.ts";
import { ready } from "./ready.ts";
import { spawn } from "./spawn.ts";
import { switching } from "./switch.ts";
import { throwing } from "./throw.ts";

/** Every workload by the name that the command takes. */
export const workloads: ReadonlyMap<string, Workload> = new Map(
  Object.entries({
    spawn,
    switch: switching,
    ready,
    call,
    deep1: deep(1),
    deep10: deep(10),
    deep100: deep(100),
    deep1000: deep(1000),
    pingpong,
    prodcons,
    map,
    throw: throwing(false),
    throwsuspended: throwing(true),
    memory,
  }),
);
