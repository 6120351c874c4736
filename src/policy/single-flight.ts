/**
 * One run for all who want the same at the same time. The run is a task of its own, of the run of whoever came first:
 * it has that one's context, and nobody's deadline, since another one may wait longer.
 */
import type { Awaitable } from "../kernel/awaitable.ts";
import { coroutine, type Coroutine } from "../kernel/coroutine.ts";
import { current } from "../kernel/current.ts";
import { Listener } from "../kernel/future.ts";
import { namedAfter } from "../kernel/misuse.ts";
import { checkpoint } from "../kernel/sleep.ts";
import { Task } from "../kernel/task.ts";
import type { ResultOf } from "../combine/items.ts";
import { wait } from "../combine/wait.ts";
import { checkFunction } from "./schedule.ts";

/** How calls are told apart. */
export interface SingleFlightOptions<Arguments extends readonly unknown[]> {
  /** What two calls have in common that share a run, compared as in a `Map`: the first argument, unless given. */
  key?: (...args: Arguments) => unknown;
}

/** A function whose calls can share a run: taken as a whole, since `key` must not have a say in what its parameters are. */
type Shareable = (this: never, ...args: never[]) => Awaitable<unknown>;

/** A run that is under way, and how many wait for it. */
interface Flight<T> {
  readonly task: Task<T>;
  waiting: number;
}

/**
 * Makes a function whose calls share one run of `fn` while it is under way, if they have one key: they get the same
 * result, or the same error. Nothing is kept after. One who waits may be cancelled without harm to the others; once all of
 * them are, the run is cancelled, and the last one waits for its cleanup.
 *
 * @throws (where it is awaited) what `fn` throws; TypeError if `fn` or `key` is not a function.
 * @example
 * ```ts
 * import { all, coroutine, run, singleFlight, sleep } from "cede";
 *
 * const load = singleFlight(
 *   coroutine(function* load(id: number) {
 *     console.log(`loading ${id}`);
 *     yield* sleep(5);
 *     return `user ${id}`;
 *   }),
 * );
 * console.log(await run(() => all([load(1), load(1), load(1)])));
 * // prints: loading 1
 * // prints: [ 'user 1', 'user 1', 'user 1' ]
 * ```
 */
export function singleFlight<F extends Shareable>(
  fn: F,
  { key = first }: SingleFlightOptions<Parameters<F>> = {},
): (this: ThisParameterType<F>, ...args: Parameters<F>) => Coroutine<ResultOf<ReturnType<F>>> {
  checkFunction("share the runs of", fn, "`(…) => …`, which gives what is awaited");
  checkFunction("tell calls apart by", key, "`(…args) => …`, which gives a key");
  const flights = new Map<unknown, Flight<ResultOf<ReturnType<F>>>>();
  return function (...args) {
    const call = (): ReturnType<F> => namedAfter(fn, fn.apply(this as never, args) as ReturnType<F>);
    return join(flights, key(...args), call as () => Awaitable<ResultOf<ReturnType<F>>>, fn.name);
  };
}

function first(...args: readonly unknown[]): unknown {
  return args[0];
}

const join = coroutine(function* singleFlight<T>(
  flights: Map<unknown, Flight<T>>,
  key: unknown,
  body: () => Awaitable<T>,
  name: string,
): Awaitable<T> {
  const { root } = current.task!;
  for (;;) {
    yield* checkpoint; // a cancellation comes before anything is begun
    let flight = flights.get(key);
    if (flight !== undefined && flight.task.cancellation !== null) {
      // Nobody gets anything from that one, and a new one begins once it has cleaned up: there is one at a time.
      yield* wait([flight.task]);
      continue;
    }
    flight ??= start(flights, key, body, name);
    const { task } = flight;
    flight.waiting++;
    let waiting = true;
    try {
      const value = yield* task;
      waiting = false;
      return value;
    } catch (error) {
      waiting = false;
      // Where it went down with another run, which has ended, this one goes on by itself.
      if (!task.cancelled || task.root === root) throw error;
    } finally {
      flight.waiting--;
      // Still waiting: this one was cancelled.
      if (waiting && flight.waiting === 0) yield* task.cancel("nobody waits for it any more");
    }
  }
});

function start<T>(
  flights: Map<unknown, Flight<T>>,
  key: unknown,
  body: () => Awaitable<T>,
  name: string,
): Flight<T> {
  const { root } = current.task!;
  const flight: Flight<T> = { task: new Task(body, root, root, { name: name || "flight" }), waiting: 0 };
  flights.set(key, flight);
  flight.task.subscribe(new Listener(() => flights.delete(key)));
  return flight;
}
