/** Folders that tests write to. None is left behind. */
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeAll, onTestFinished } from "vitest";

/** For the test that runs: it is gone when the test has ended. */
export function temporaryFolder(): string {
  const folder = folderIn(tmpdir());
  onTestFinished(() => remove(folder));
  return folder;
}

/** For all tests of the file or group that calls it: given to `filled` before the first of them, gone after the last. */
export function sharedFolder(filled: (folder: string) => void, inside = tmpdir()): void {
  beforeAll(() => {
    const folder = folderIn(inside);
    filled(folder);
    return () => remove(folder);
  });
}

/** A folder there is inside the repository, so that `import … from "cede"` is the package's own name. */
export const INSIDE_REPOSITORY: string = join(import.meta.dirname, "../../.doc-examples");

function folderIn(parent: string): string {
  mkdirSync(parent, { recursive: true });
  return mkdtempSync(join(parent, "cede-"));
}

/** Again if it must be: a process that was just ended may have written to it still. */
function remove(folder: string): void {
  rmSync(folder, { recursive: true, force: true, maxRetries: 3 });
}
