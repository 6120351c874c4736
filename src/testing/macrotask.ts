/** Calls `callback` after whatever the platform has under way that is due: a macrotask, the quickest there is. */
export const macrotask: (callback: () => void) => unknown =
  (globalThis as { setImmediate?: (callback: () => void) => unknown }).setImmediate ?? setTimeout;

/** Ends after whatever the platform has under way that is due. */
export function breath(): Promise<void> {
  return new Promise((resolve) => {
    macrotask(resolve);
  });
}
