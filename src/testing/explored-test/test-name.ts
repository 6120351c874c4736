/** Which test of a runner runs now. Runners tell it in their own ways, and only while a test begins. */

interface Expect {
  getState?(): { readonly currentTestName?: string };
}

/** Where Vitest keeps its `expect`, and where the command has node:test say which test runs. */
const VITEST: symbol = Symbol.for("expect-global");
const NODE: symbol = Symbol.for("cede.test-name");

/** The name of the test, after those of the groups that it is in, as its runner joins them. */
export function testName(): string | undefined {
  const world = globalThis as Record<PropertyKey, unknown>;
  const node = world[NODE] as (() => string | undefined) | undefined;
  const expects = [world[VITEST], world["expect"]] as (Expect | undefined)[];
  const names = [node?.(), ...expects.map((expect) => expect?.getState?.().currentTestName)];
  return names.find((name) => name !== undefined && name !== "");
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
