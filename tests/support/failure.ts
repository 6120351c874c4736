/** The error that a promise rejects with; it fails the test if it does not. */
export async function failureOf(promise: Promise<unknown>): Promise<Error & { readonly errors?: unknown[] }> {
  try {
    await promise;
  } catch (error) {
    return error as Error;
  }
  throw new Error("It did not fail.");
}
