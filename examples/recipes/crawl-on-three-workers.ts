// A crawl, on three worker processes
//
// The point: who crawls knows nothing of where pages are visited. It calls a job for each page that it has not seen, and three
// processes, which could be three machines, share the work. The queue between them is in a Redis that this program starts.
//
//   npm install bullmq ioredis, and a redis-server: apt-get install redis-server, brew install redis
import { fork } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { call, coroutine, resource, run, taskGroup, until, use, type Awaitable, type Resource } from "cede";
import { cluster, serveCluster } from "cede/executors";
import { isProgram } from "../support/is-program.ts";
import { redisServer } from "./support/redis.ts";

const QUEUE = "crawl";
const WORKERS = ["ann", "bob", "cy"];

export const main = coroutine(function* main() {
  const redis = yield* use(redisServer());
  if (redis === undefined) {
    console.log("Skipped: redis-server is not installed. To have it: apt-get install redis-server.");
    return;
  }
  const site = yield* use(someSite());
  yield* use(workerProcesses(redis));
  const jobs = yield* cluster<typeof import("./jobs/crawl.ts")>({ queue: QUEUE, redis });

  const titles = new Map<string, string>();
  const workers = new Set<string>();
  yield* taskGroup(function* (group) {
    const visit = coroutine(function* visit(url: string): Awaitable<void> {
      const { title, links, worker } = yield* jobs.visit.with({ timeout: 20_000 })(url);
      titles.set(url, title);
      workers.add(worker ?? "nobody");
      for (const link of links) follow(link);
    });
    const follow = (url: string): void => {
      if (titles.has(url)) return;
      titles.set(url, "");
      group.createTask(visit(url));
    };
    follow(`${site}/1`);
  });
  for (const title of [...titles.values()].sort()) console.log(title);
  console.log(
    `${titles.size} pages, visited by ${[...workers].sort((a, b) => a.localeCompare(b)).join(", ")}`,
  );
});

/** What each of the processes does until it is told to end. `cede worker jobs/crawl.ts --queue crawl` is the same. */
const work = coroutine(function* work(name: string, redis: string) {
  yield* serveCluster(new URL("./jobs/crawl.ts", import.meta.url), {
    queue: QUEUE,
    redis,
    name,
    concurrency: 2,
    onState: (state) => process.send?.(state),
  });
});

const workerProcesses = (redis: string): Resource<void> =>
  resource<void>(function* (provide) {
    const workers = WORKERS.map((name) => fork(import.meta.filename, [name, redis]));
    const ended = workers.map((worker) => once(worker, "exit"));
    try {
      yield* until(Promise.all(workers.map((worker) => once(worker, "message")))); // They serve.
      yield* provide();
    } finally {
      for (const worker of workers) worker.kill();
      yield* until(Promise.all(ended));
    }
  });

/** A web site on this machine: page n leads to pages 2n and 2n + 1, and takes its time. */
const someSite = (): Resource<string> =>
  resource(function* (provide) {
    const server = createServer(({ url }, answer) => {
      const page = Number(url?.slice(1));
      const links = [page * 2, page * 2 + 1].filter((next) => next <= 15);
      const body = links.map((next) => `<a href="/${next}">on</a>`).join(" ");
      setTimeout(() => answer.end(`<title>Page ${String(page).padStart(2, "0")}</title>${body}`), 100);
    });
    yield* call(async () => once(server.listen(0, "127.0.0.1"), "listening"));
    try {
      yield* provide(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
    } finally {
      server.closeAllConnections();
      server.close();
    }
  });

if (isProgram(import.meta)) {
  const [name, redis] = process.argv.slice(2);
  await (name === undefined || redis === undefined ? run(main) : run(() => work(name, redis)));
}
