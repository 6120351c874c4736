/**
 * What must not outlive this process: called when it ends, also where a runner of tests is told to stop and ends it in the
 * middle of one.
 */
const remains = new Set<() => void>();

/** Calls it when the process ends, where nothing can be waited for any more; unless what it gives was called before. */
export function atExit(clear: () => void): () => void {
  if (remains.size === 0) listen();
  remains.add(clear);
  return () => {
    remains.delete(clear);
    if (remains.size === 0) leave();
  };
}

const SIGNALS = ["SIGINT", "SIGTERM"] as const;

function listen(): void {
  process.on("exit", clearAll);
  for (const signal of SIGNALS) process.on(signal, die);
}

function leave(): void {
  process.off("exit", clearAll);
  for (const signal of SIGNALS) process.off(signal, die);
}

function clearAll(): void {
  for (const clear of remains) clear();
  remains.clear();
}

/** As it would without anybody who listens. */
function die(signal: NodeJS.Signals): void {
  clearAll();
  leave();
  process.kill(process.pid, signal);
}
