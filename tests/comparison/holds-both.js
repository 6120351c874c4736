/** Whether both of two failures can be found from the error that was thrown, wherever a system may keep them. */
export function holdsBoth(error) {
  const all = [error, error.cause, error.suppressed, error.error, ...(error.errors ?? [])];
  const messages = all.map((each) => each?.message);
  return messages.includes("first") && messages.includes("second");
}
