/** Which test of a runner runs now. Runners tell it in their own ways, and only while a test begins. */

/** What is known of it. */
export interface RunningTest {
  /** Its name, after those of the groups that it is in, as its runner joins them. */
  readonly name?: string;
  /** What only it is called; the command finds it in the runner's report. */
  readonly id?: string;
}

interface Expect {
  getState?(): { readonly currentTestName?: string };
}

/** What Vitest has in each of its workers. */
interface Worker {
  readonly filepath?: string;
  readonly config?: { readonly maxConcurrency?: number };
  readonly current?: {
    readonly type?: string;
    readonly concurrent?: boolean;
    readonly meta?: Record<string, unknown>;
  };
}

/** Where Vitest keeps its `expect`, and where the command has other runners say which test runs. */
const EXPECT: symbol = Symbol.for("expect-global");
const TEST: symbol = Symbol.for("cede.test");

/** Under which name Vitest's report has, among what a test has noted of itself, the ids of its calls. */
export const IDS = "cede";

/** `id`: of this call of `runTest`, where it can be noted at the test. */
export function runningTest(id: string): RunningTest {
  const world = globalThis as Record<PropertyKey, unknown>;
  const told = (world[TEST] as (() => RunningTest | undefined) | undefined)?.();
  if (told !== undefined) return told;
  const { current, config } = vitest() ?? {};
  // Side by side, they all look like the one that has begun last.
  if (current?.concurrent === true && config?.maxConcurrency !== 1) return {};
  const expects = [world[EXPECT], world["expect"]] as (Expect | undefined)[];
  const names = expects.map((expect) => expect?.getState?.().currentTestName);
  const name = names.find((one) => one !== undefined && one !== "");
  const meta = current?.type !== "suite" ? current?.meta : undefined;
  if (meta !== undefined) meta[IDS] = [...((meta[IDS] as string[] | undefined) ?? []), id];
  return { ...(name !== undefined && { name }), ...(meta !== undefined && { id }) };
}

/** The file whose tests run, where a runner takes more files than it was to. */
export function testFile(): string | undefined {
  return vitest()?.filepath;
}

/** The line of the test's file where `runTest` was called: "file:///app/bank.test.ts:12:3". */
export function testPlace(): string | undefined {
  let place: string | undefined;
  for (const line of (new Error().stack ?? "").split("\n").reverse()) {
    const known = /(?:\(|@|at (?:async )?)([^()@\s][^()]*:\d+:\d+)\)?$/.exec(line)?.[1];
    if (known !== undefined && /[/\\]testing[/\\]run-test\.[jt]s:/.test(known)) return place;
    place = known ?? place;
  }
  return undefined;
}

function vitest(): Worker | undefined {
  return (globalThis as { __vitest_worker__?: Worker }).__vitest_worker__;
}
