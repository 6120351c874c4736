/** Traces of small programs, for tests of what they say. */
import { all, createTask, cede, sleep, type Awaitable } from "cede";
import { explore, type TraceEvent } from "cede/testing";

export type Program = () => Awaitable<unknown>;

/** What came of the program when its first schedule was run: its events, without what is not asked for. */
export async function traceOf(main: Program, ...types: readonly TraceEvent["type"][]): Promise<object[]> {
  const { failure } = await explore(
    function* () {
      yield* main();
      throw new Error("the end"); // only what fails is recorded
    },
    { throws: false, strategy: "depth-first" },
  );
  const events = JSON.parse(JSON.stringify(failure!.trace)) as TraceEvent[];
  return events.filter(({ type }) => types.includes(type));
}

/** One holds it for a while, and another one waits for it. */
export function* holdAndWait(lock: { with(body: () => Awaitable<void>): Awaitable<void> }): Awaitable<void> {
  yield* all([() => lock.with(() => sleep(1)), () => lock.with(() => sleep(1))]);
}

/** Waits for something that another task then does. */
export function* wokenBy<T>(
  of: T,
  wait: (of: T) => Awaitable<unknown>,
  wake: (of: T) => unknown,
): Awaitable<void> {
  createTask(function* () {
    yield* cede();
    wake(of);
  });
  yield* wait(of);
}
