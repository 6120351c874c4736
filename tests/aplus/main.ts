// The Promises/A+ compliance suite on what Cede gives to `await`: a `Future` and a `Task`, through `then`.
// It rejects many promises that nobody looks at, native ones too: the processes are told not to mind.
import { spawn } from "node:child_process";
import { join } from "node:path";
import { kinds } from "./adapter.ts";

const SUITE = join(import.meta.dirname, "suite.ts");
/** The suite has as many tests. If fewer were run, it was not run. */
const TESTS = 872;

const total = { passed: 0, failed: 0 };
await Promise.all(
  Object.keys(kinds).map(async (kind) => {
    const output = await runSuite(kind);
    const [, passed = 0, failed = 0] = (/^(\d+) passed, (\d+) failed$/m.exec(output) ?? []).map(Number);
    console.log(`${kind}: ${passed} of ${TESTS} passed`);
    if (passed !== TESTS) console.log(output);
    total.passed += passed;
    total.failed += Math.max(failed, TESTS - passed);
  }),
);
console.log(`${total.passed} passed, ${total.failed} failed, 0 skipped`);
process.exitCode = total.failed > 0 ? 1 : 0;

async function runSuite(kind: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const args = ["--unhandled-rejections=none", "--conditions=@cede/source", SUITE, kind];
    const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "pipe"] });
    let output = "";
    const collect = (text: string): void => void (output += text);
    child.stdout.setEncoding("utf8").on("data", collect);
    child.stderr.setEncoding("utf8").on("data", collect);
    child.on("error", reject);
    child.on("close", () => resolve(output));
  });
}
