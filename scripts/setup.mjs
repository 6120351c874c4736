// Makes a clone ready: installs what the lock file names, and does nothing when that is in place.
// npm runs this before `start`, `test` and the other scripts. It is plain JavaScript without a
// dependency because it is the one file here that runs on the machine's own Node (20.19 or a later 20,
// or 22.12 or later); what it installs brings the Node that everything after it runs on.
//
//   node scripts/setup.mjs [FOLDER]     FOLDER: one with a lock file of its own, such as tests/runtimes
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const folder = process.argv[2] ?? ".";
const stampFile = join(root, folder, "node_modules", ".setup-stamp");
const lock = readFileSync(join(root, folder, "package-lock.json"));
const stamp = createHash("sha256").update(lock).update(process.platform).update(process.arch).digest("hex");

const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);

if (!existsSync(stampFile) || readFileSync(stampFile, "utf8") !== stamp) install();
if (folder === ".") {
  refuseNodeWithoutTypes();
  installRedis();
}

function install() {
  refuseNodeWithoutBindings();
  const started = Date.now();
  process.stderr.write(`Setting up ${folder === "." ? "this clone" : folder} …\n`);
  // Flags rather than the environment: `npm run --silent` and NODE_ENV=production reach a nested npm
  // as settings, and would hide its errors or leave the tools out.
  const flags = "ci --loglevel=error --no-progress --no-audit --no-fund --include=dev --include=optional";
  const npm = process.env.npm_execpath;
  const [command, ...args] = npm?.endsWith(".js") ? [process.execPath, npm] : ["npm"];
  const result = spawnSync(command, [...args, ...flags.split(" ")], {
    cwd: join(root, folder),
    encoding: "utf8",
    shell: command === "npm" && process.platform === "win32",
  });
  if (result.status !== 0) {
    process.stderr.write(`${result.stdout ?? ""}${result.stderr ?? ""}${result.error ?? ""}\n`);
    fail("`npm ci` did not succeed. Its own words are above.");
  }
  const missing = missingBinaries();
  if (missing.length > 0)
    fail(`npm skipped ${missing.join(", ")}. Try again; it passes over a broken download.`);
  writeFileSync(stampFile, stamp);
  process.stderr.write(`Ready after ${((Date.now() - started) / 1000).toFixed(0)} s.\n`);
}

// Binaries for a platform are optional dependencies, and one that cannot be fetched is no error to npm.
function missingBinaries() {
  const libc = process.report?.getReport().header.glibcVersionRuntime === undefined ? "musl" : "glibc";
  const fits = (allowed, value) => allowed === undefined || [allowed].flat().includes(value);
  return Object.entries(JSON.parse(lock.toString()).packages)
    .filter(([, { os, cpu }]) => os !== undefined || cpu !== undefined)
    .filter(([, { os, cpu }]) => fits(os, process.platform) && fits(cpu, process.arch))
    .filter(([, entry]) => process.platform !== "linux" || fits(entry.libc, libc))
    .map(([path]) => path)
    .filter((path) => !existsSync(join(root, folder, path)));
}

// What is tested with a real Redis needs the server, which no package of npm is. Where it cannot be installed, the tests that
// need it say that they are skipped.
function installRedis() {
  if (!existsSync("/etc/debian_version") || process.getuid?.() !== 0) return;
  const folders = (process.env.PATH ?? "").split(":");
  if ([...folders, "/usr/bin"].some((at) => existsSync(join(at, "redis-server")))) return;
  process.stderr.write("Installing redis-server by apt …\n");
  // RUNLEVEL: without starting a server of the machine's own. The tests start theirs.
  const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive", RUNLEVEL: "1" };
  const apt = (...args) => spawnSync("apt-get", ["-qq", ...args], { encoding: "utf8", env });
  let result = apt("install", "-y", "--no-install-recommends", "redis-server");
  if (result.status !== 0) {
    apt("update"); // the lists of packages may be old, or not there yet
    result = apt("install", "-y", "--no-install-recommends", "redis-server");
  }
  if (result.status === 0) return;
  process.stderr.write(
    `${result.stderr ?? ""}\nIt could not be installed: the tests of clusters will be skipped. ` +
      "To have them: apt-get install redis-server\n",
  );
}

function fail(reason) {
  process.stderr.write(`Set-up failed: ${reason}\n`);
  process.exit(1);
}

// On any other, npm skips the linter's, the formatter's and the bundler's native parts, without a word.
function refuseNodeWithoutBindings() {
  if ((major === 20 && minor >= 19) || (major === 22 && minor >= 12) || major > 22) return;
  fail(
    "a clone is set up by Node 20.19 or a later 20, or 22.12 or later; " +
      `this is v${process.versions.node}. Install Node 24 and run the command again.`,
  );
}

// Where no Node is published for this platform, the scripts run on the machine's own.
function refuseNodeWithoutTypes() {
  if (existsSync(join(root, "node_modules", ".bin", "node"))) return;
  if (major > 23 || (major === 23 && minor >= 6) || (major === 22 && minor >= 18)) return;
  fail(
    "a clone runs its TypeScript as it is, which needs Node 22.18 or later; " +
      `this is v${process.versions.node}. Install Node 24 and run the command again.`,
  );
}
