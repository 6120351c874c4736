/**
 * An executor that stays open for as long as the process, as the pool of a peer does: what is measured runs within one run, so
 * that neither the start of the workers nor that of a loop counts.
 */
import { Channel, run, type Awaitable } from "cede";

export type Session<Jobs> = (body: (jobs: Jobs) => Awaitable<number>) => Promise<number>;

export function session<Jobs>(open: () => Awaitable<Jobs>): Session<Jobs> {
  const wanted = new Channel<(jobs: Jobs) => Awaitable<void>>(1);
  void run(function* () {
    const jobs = yield* open();
    for (;;) yield* (yield* wanted.receive())(jobs);
  });
  return (body) => {
    const { promise, resolve, reject } = Promise.withResolvers<number>();
    wanted.trySend(function* (jobs) {
      try {
        resolve(yield* body(jobs));
      } catch (error) {
        reject(error);
      }
    });
    return promise;
  };
}
