/** Folders that tests write to. None is left behind. */
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeAll, onTestFinished } from "vitest";
import { atExit } from "./at-exit.ts";

/** For the test that runs: it is gone when the test has ended. */
export function temporaryFolder(): string {
  const { folder, remove } = folderIn(tmpdir());
  onTestFinished(remove);
  return folder;
}

/** For all tests of the file or group that calls it: given to `filled` before the first of them, gone after the last. */
export function sharedFolder(filled: (folder: string) => void, inside = tmpdir()): void {
  beforeAll(() => {
    const { folder, remove } = folderIn(inside);
    filled(folder);
    return remove;
  });
}

/** A folder there is inside the repository, so that `import … from "cede"` is the package's own name. */
export const INSIDE_REPOSITORY: string = join(import.meta.dirname, "../../.doc-examples");

function folderIn(parent: string): { readonly folder: string; readonly remove: () => void } {
  mkdirSync(parent, { recursive: true });
  const folder = mkdtempSync(join(parent, "cede-"));
  // Again if it must be: a process that was just ended may have written to it still.
  const clear = (): void => rmSync(folder, { recursive: true, force: true, maxRetries: 3 });
  const removed = atExit(clear);
  const remove = (): void => {
    removed();
    clear();
  };
  return { folder, remove };
}
