/** What something fails with: the test fails if it does not. */
import { coroutine, type Awaitable } from "cede";

/** The error that a promise rejects with. */
export async function failureOf(promise: Promise<unknown>): Promise<Error & { readonly errors?: unknown[] }> {
  try {
    await promise;
  } catch (error) {
    return error as Error;
  }
  throw new Error("It did not fail.");
}

/** What a coroutine throws, or what is thrown before there is one. */
export const thrown = coroutine(function* thrown(body: () => Awaitable<unknown>): Awaitable<Error> {
  try {
    yield* body();
  } catch (error) {
    return error as Error;
  }
  throw new Error("It did not throw.");
});
