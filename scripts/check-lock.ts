// Finds in a second what `npm ci` finds on somebody else's machine: a lock file written by an old npm or
// against a registry that lacks a platform's binary names optional dependencies that it does not hold,
// and one written with other settings ties every contributor to one registry's address.
import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";

interface LockedPackage {
  readonly version?: string;
  readonly integrity?: string;
  readonly resolved?: string;
  readonly link?: boolean;
  readonly dependencies?: Record<string, string>;
  readonly optionalDependencies?: Record<string, string>;
}

const root = join(import.meta.dirname, "..");
const lockFiles = globSync("{.,tests/*}/package-lock.json", { cwd: root });
const problems = lockFiles.flatMap((file) =>
  problemsOf(JSON.parse(readFileSync(join(root, file), "utf8"))).map((problem) => `${file}: ${problem}`),
);

for (const problem of problems) console.error(problem);
console.log(`${lockFiles.length} lock files, problems: ${problems.length}`);
process.exitCode = problems.length > 0 ? 1 : 0;

function problemsOf(lock: { packages: Record<string, LockedPackage> }): string[] {
  return Object.entries(lock.packages).flatMap(([path, entry]) => {
    const found: string[] = [];
    const name = path === "" ? "the root" : path;
    for (const dependency of Object.keys({ ...entry.dependencies, ...entry.optionalDependencies })) {
      if (!isHeld(lock.packages, path, dependency)) {
        found.push(`${name} needs ${dependency}, which the lock does not hold; write it anew under Node 24`);
      }
    }
    if (entry.link === true || !path.includes("node_modules/")) return found;
    if (entry.resolved !== undefined) {
      found.push(`${name} is tied to ${entry.resolved}; keep the settings of .npmrc when writing the lock`);
    }
    if (entry.integrity === undefined) found.push(`${name} has no integrity hash`);
    if (entry.version === undefined) found.push(`${name} has no version`);
    return found;
  });
}

/** Node's own search: in the package's node_modules, then in that of each package around it. */
function isHeld(packages: Record<string, LockedPackage>, path: string, dependency: string): boolean {
  for (let place = path; ; place = place.slice(0, Math.max(0, place.lastIndexOf("/")))) {
    const prefix = place === "" ? "" : `${place}/`;
    if (!prefix.endsWith("node_modules/") && `${prefix}node_modules/${dependency}` in packages) return true;
    if (place === "") return false;
  }
}
