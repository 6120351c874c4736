/** Holds the host for `ms` milliseconds, as a long computation would. */
export function block(ms: number): void {
  const end = performance.now() + ms;
  while (performance.now() < end);
}
