// Does `cede fetch` keep up with the platform? Two bars, each against a loopback server in a process of its own:
//
//   2,000 pages of 50 ms, no limit     ≤ 1.10 × Promise.all over the platform's fetch
//   50 pages of 200 to 1,000 ms        ≤ 1.10 × the slowest page
//
//   node --conditions=@cede/source bench/fetch-bars.ts [ROUNDS] [--json]
//
// Every measurement is a new process, and the two systems take turns: no round inherits warm code or open
// connections. Exit code 1 when a bar is missed.
import { fork, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { run } from "cede";
import { fetchAll } from "../src/cli/fetch/fetch-all.ts";
import { PlainView } from "../src/cli/fetch/plain-view.ts";
import { Progress } from "../src/cli/fetch/report.ts";
import { plain } from "../src/cli/render/palette.ts";

const BAR = 1.1;
const [role] = process.argv.slice(2);
if (role === "serve") serve();
else if (role === "native") await measure(native);
else if (role === "cede") await measure(cede);
else await main(Number(role) || 7, process.argv.includes("--json"));

async function main(rounds: number, json: boolean): Promise<void> {
  const server = child("serve");
  const [port] = (await once(server, "message")) as [number];
  const many = Array.from({ length: 2000 }, (_, n) => `http://127.0.0.1:${port}/${n}?ms=50`);
  const slowest = 1000;
  const mixed = Array.from({ length: 50 }, (_, n) => {
    return `http://127.0.0.1:${port}/${n}?ms=${Math.round(200 + ((n * 37) % 50) * ((slowest - 200) / 49))}`;
  });
  const times = {
    native: [] as number[],
    cede: [] as number[],
    mixed: [] as number[],
    mixedSlowest: [] as number[],
  };
  for (let round = 0; round < rounds; round++) {
    times.native.push((await timed("native", many)).runMs);
    times.cede.push((await timed("cede", many)).runMs);
    const { runMs, slowestMs } = await timed("cede", mixed);
    times.mixed.push(runMs);
    times.mixedSlowest.push(runMs / slowestMs);
  }
  server.kill();

  const bars = [
    { bar: "2,000 pages of 50 ms against Promise.all", ratio: median(times.cede) / median(times.native) },
    { bar: "50 pages of 200 to 1,000 ms against the slowest", ratio: median(times.mixedSlowest) },
  ];
  if (json) console.log(JSON.stringify({ rounds, times, bars }));
  else {
    const ms = (values: number[]) =>
      `${median(values).toFixed(0)} ms (best ${Math.min(...values).toFixed(0)})`;
    console.log(`2,000 pages of 50 ms         cede ${ms(times.cede)}, Promise.all ${ms(times.native)}`);
    console.log(`50 pages of 200 to 1,000 ms  cede ${ms(times.mixed)}`);
    for (const { bar, ratio } of bars) {
      console.log(`${ratio <= BAR ? "ok  " : "MISS"}  ${ratio.toFixed(3)} ≤ ${BAR.toFixed(2)}  ${bar}`);
    }
  }
  process.exitCode = bars.every(({ ratio }) => ratio <= BAR) ? 0 : 1;
}

type Timing = { runMs: number; slowestMs: number };

function child(...args: string[]): ChildProcess {
  return fork(import.meta.filename, args, { execArgv: ["--conditions=@cede/source"] });
}

async function timed(system: "native" | "cede", urls: readonly string[]): Promise<Timing> {
  const process = child(system);
  process.send(urls);
  const [result] = (await once(process, "message")) as [Timing];
  if (process.exitCode === null) await once(process, "exit");
  return result;
}

async function measure(system: (urls: string[]) => Promise<number>): Promise<void> {
  const [urls] = (await once(process, "message")) as [string[]];
  const start = performance.now();
  const slowestMs = await system(urls);
  process.send!({ runMs: performance.now() - start, slowestMs }, () => process.exit());
}

/** What one would write without Cede. */
async function native(urls: string[]): Promise<number> {
  await Promise.all(urls.map(async (url) => (await fetch(url)).arrayBuffer()));
  return NaN;
}

/** The command's own job, its time-out and limits, and a line for every page. */
async function cede(urls: string[]): Promise<number> {
  const progress = new Progress(urls);
  let written = 0;
  const view = new PlainView({ write: (text) => void (written += text.length) }, plain, false);
  view.begin(progress, "concurrently");
  const job = { concurrency: Infinity, timeoutMs: 30_000, retries: 0, maxBytes: 1e8, folder: undefined };
  await run(() => fetchAll(progress, job, (page) => view.finished(page)));
  view.end();
  const failed = progress.pages.find((page) => page.error !== undefined);
  if (failed !== undefined || written === 0) throw new Error(`A page failed: ${failed?.error}`);
  return progress.report().slowestMs;
}

function serve(): void {
  const server = createServer((request, response) => {
    const ms = Number(new URL(request.url!, "http://localhost").searchParams.get("ms"));
    setTimeout(() => response.end("x".repeat(1000)), ms);
  });
  // All at once is the point: a short queue of connections would measure the system's retries.
  server.listen({ port: 0, host: "127.0.0.1", backlog: 4096 }, () => {
    process.send!((server.address() as AddressInfo).port);
  });
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)]!;
}
