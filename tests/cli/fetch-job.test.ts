import { readdir, readFile, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { run } from "cede";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { startDemoServer } from "../../src/cli/fetch/demo-server.ts";
import { fetchAll, type Job } from "../../src/cli/fetch/fetch-all.ts";
import { RETRY_DELAYS } from "../../src/cli/fetch/fetch-page.ts";
import { Progress, type Page } from "../../src/cli/fetch/report.ts";
import { Folder } from "../../src/cli/fetch/save.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { closedPort, loopback, notHttp, type Loopback } from "./loopback.ts";

let server: Loopback;
beforeEach(async () => {
  server = await loopback();
  return () => server.close();
});

const JOB: Job = {
  concurrency: Infinity,
  timeoutMs: 10_000,
  retries: 0,
  maxBytes: 1_000_000,
  folder: undefined,
};

async function fetchPages(
  urls: readonly string[],
  job: Partial<Job> = {},
  signal?: AbortSignal,
): Promise<Progress> {
  const progress = new Progress(urls);
  const seen: Page[] = [];
  const onPage = (page: Page): void => {
    seen.push(page);
    if (seen.length === urls.length - 1) server.release();
  };
  await run(() => fetchAll(progress, { ...JOB, ...job }, onPage), signal ? { signal } : {});
  expect(seen).toEqual(progress.pages);
  expect(progress.running.size).toBe(0);
  return progress;
}

/** The one page of a job that has one. */
async function fetchOne(url: string, job: Partial<Job> = {}): Promise<Page> {
  const { pages } = await fetchPages([url], job);
  expect(pages).toHaveLength(1);
  return pages[0]!;
}

test("pages come in the order in which they are done, with status, size and times", async () => {
  const urls = [`${server.origin}/slow?held`, `${server.origin}/a?body=12345`, `${server.origin}/moved`];
  const report = (await fetchPages(urls)).report();
  expect(report.pages.map(({ url }) => url)).toHaveLength(3);
  expect(report.pages.at(-1)!.url).toBe(urls[0]);
  expect(report.pages.find(({ url }) => url === urls[1])).toEqual({
    url: urls[1],
    status: 200,
    bytes: 5,
    ms: expect.any(Number),
    startMs: expect.any(Number),
  });
  expect(report).not.toHaveProperty("unfinished");
  expect(report.cumulativeMs).toBeCloseTo(report.pages.reduce((sum, { ms }) => sum + ms, 0));
  expect(report.slowestMs).toBe(Math.max(...report.pages.map(({ ms }) => ms)));
  for (const { ms, startMs } of report.pages) {
    expect(ms).toBeGreaterThanOrEqual(0);
    expect(startMs).toBeGreaterThanOrEqual(0);
  }
});

test("bytes are those of the body as it is read, not as it was sent", async () => {
  expect(await fetchOne(`${server.origin}/gzip`)).toMatchObject({ status: 200, bytes: 5000 });
  expect(await fetchOne(`${server.origin}/nothing?status=204`)).toMatchObject({ status: 204, bytes: 0 });
});

test("all at once without a limit, at most so many with one, in order with one", async () => {
  const urls = (origin: string, together: number): string[] =>
    Array.from({ length: 12 }, (_, n) => `${origin}/${n}?together=${together}`);
  await fetchPages(urls(server.origin, 12));
  expect(server.most).toBe(12);
  const limited = await loopback();
  await fetchPages(urls(limited.origin, 3), { concurrency: 3 });
  expect(limited.most).toBe(3);
  await limited.close();
  const single = await loopback();
  const inOrder = urls(single.origin, 1);
  const { pages } = await fetchPages(inOrder, { concurrency: 1 });
  expect(single.most).toBe(1);
  expect(pages.map(({ url }) => url)).toEqual(inOrder);
  await single.close();
});

describe("a page that cannot be had is a row with its reason, and the others are unharmed:", () => {
  let other: Awaited<ReturnType<typeof notHttp>>;
  let closed: string;
  beforeAll(async () => {
    other = await notHttp();
    closed = await closedPort();
  });
  afterAll(() => other.close());

  test.each<[string, () => string, number | null, string, Partial<Job>?]>([
    ["malformed", () => "http://", null, "not an address: it cannot be read as a URL"],
    [
      "unknown scheme",
      () => "gopher://127.0.0.1/",
      null,
      "the scheme gopher: cannot be requested, only http: and https: can",
    ],
    ["host that does not resolve", () => "http://nowhere.invalid/", null, "the host name nowhere.invalid "],
    ["refused", () => `${closed}/`, null, "nothing listens on 127.0.0.1:"],
    [
      "blocked port",
      () => "http://127.0.0.1:25/",
      null,
      "fetch refuses port 25, which belongs to another protocol",
    ],
    [
      "no answer",
      () => `${server.origin}/hang`,
      null,
      "timed out after 2.00 s without an answer",
      { timeoutMs: 2000 },
    ],
    [
      "half a body",
      () => `${server.origin}/stall`,
      200,
      "timed out after 2.00 s in the middle of the body, after 5 B",
      { timeoutMs: 2000 },
    ],
    [
      "no end",
      () => `${server.origin}/endless`,
      200,
      "the body is larger than 50.0 kB (--max-bytes)",
      { maxBytes: 50_000 },
    ],
    [
      "one byte too many",
      () => `${server.origin}/?body=12345`,
      200,
      "the body is larger than 4 B (--max-bytes)",
      { maxBytes: 4 },
    ],
    ["not found", () => `${server.origin}/?status=404`, 404, "the server answered 404 Not Found"],
    [
      "server error",
      () => `${server.origin}/?status=500`,
      500,
      "the server answered 500 Internal Server Error",
    ],
    ["hostile words", () => `${server.origin}/steer`, 500, "the server answered 500 \\x80\\x9b2J"],
    ["redirect loop", () => `${server.origin}/loop`, null, "the redirects do not end (stopped after 20)"],
    [
      "redirect away",
      () => `${server.origin}/elsewhere`,
      null,
      "it redirects to an address that is neither http: nor https:",
    ],
    [
      "closed at once",
      () => `${server.origin}/reset`,
      null,
      "the server closed the connection before its answer was complete",
    ],
    [
      "closed half way",
      () => `${server.origin}/cut`,
      200,
      "the server closed the connection before its answer was complete",
    ],
    [
      "broken encoding",
      () => `${server.origin}/broken`,
      200,
      "the body cannot be decompressed: its encoding is broken",
    ],
    ["another protocol", () => `${other.origin}/`, null, "does not speak HTTP"],
    [
      "no TLS",
      () => server.origin.replace("http:", "https:"),
      null,
      "the server does not speak TLS: try http://",
    ],
  ])("%s", async (_what, url, status, reason, job = {}) => {
    const fine = `${server.origin}/?body=fine`;
    const { pages, failed } = await fetchPages([fine, url(), fine], job);
    const [bad] = pages.filter((page) => page.error !== undefined && page.url === url());
    expect(bad).toMatchObject({ status, error: expect.stringContaining(reason) });
    if (job.maxBytes !== 4) {
      expect(failed).toBe(1);
      expect(pages.filter((page) => page.error === undefined)).toHaveLength(2);
    }
  });
});

test("a body exactly as long as the limit is fine", async () => {
  expect(await fetchOne(`${server.origin}/?body=12345`, { maxBytes: 5 })).toMatchObject({ bytes: 5 });
});

describe("retries", () => {
  test("wait longer each time, and never long", () => {
    expect([...RETRY_DELAYS.limit(7).delays()]).toEqual([100, 200, 400, 800, 1600, 2000, 2000]);
  });

  test("a page that comes at last is a page, with the number of retries", async () => {
    const page = await fetchOne(`${server.origin}/flaky?n=1`, { retries: 2 });
    expect(page).toMatchObject({ status: 200, retries: 1, bytes: 5 });
    expect(page).not.toHaveProperty("error");
    expect(server.requested).toHaveLength(2);
  });

  test("end after so many, with the last reason", async () => {
    const page = await fetchOne(`${server.origin}/flaky?n=9`, { retries: 1 });
    expect(page).toMatchObject({
      status: 503,
      retries: 1,
      error: "the server answered 503 Service Unavailable",
    });
  });

  test.each([
    ["/?status=429", 2],
    ["/?status=500", 2],
    ["/reset", 2],
    ["/hang", 2],
    ["/?status=404", 1],
    ["/loop", 21],
    ["/endless", 1],
  ])("%s is requested %i times", async (path, times) => {
    const timeoutMs = path === "/hang" ? 500 : 10_000;
    await fetchOne(server.origin + path, { retries: 1, timeoutMs, maxBytes: 50_000 });
    expect(server.requested).toHaveLength(times);
  });
});

test("cancellation closes the connections, and leaves what was done and what was not", async () => {
  const urls = [`${server.origin}/quick`, `${server.origin}/hang`, `${server.origin}/stall`];
  const progress = new Progress(urls);
  const stop = new AbortController();
  const reason = new Error("enough");
  const enough = async (): Promise<void> => {
    await expect.poll(() => server.requested).toHaveLength(3);
    stop.abort(reason);
  };
  const job = run(() => fetchAll(progress, JOB, () => void enough()), { signal: stop.signal });
  await expect(job).rejects.toBe(reason);
  expect(progress.pages.map(({ url }) => url)).toEqual([urls[0]]);
  expect(progress.report().unfinished).toEqual([urls[1], urls[2]]);
  await expect.poll(() => server.abandoned.toSorted()).toEqual(["/hang", "/stall"]);
});

describe("saving", () => {
  async function save(
    dir: string,
    paths: readonly string[],
    job: Partial<Job> = {},
  ): Promise<readonly Page[]> {
    const urls = paths.map((path) => server.origin + path);
    return (await fetchPages(urls, { ...job, folder: await Folder.prepare(dir, urls) })).pages;
  }

  test("each body is a file of its own, and the page says which", async () => {
    const dir = join(temporaryFolder(), "new", "deep");
    const paths = [
      "/a?body=one",
      "/A?body=two",
      "/a?body=one",
      "/data.json?body=3",
      "/j?type=application/json&body=4",
    ];
    const pages = await save(dir, paths);
    expect(new Set(pages.map(({ file }) => file)).size).toBe(5);
    for (const { url, file } of pages) {
      expect(await readFile(file!, "utf8")).toBe(new URL(url).searchParams.get("body"));
    }
    const files = await readdir(dir);
    expect(files).toHaveLength(5);
    expect(files.every((name) => /^127\.0\.0\.1_\d+_[\w-]+\.(?:html|json)$/.test(name))).toBe(true);
  });

  test("a page that fails leaves no file, not even half of one", async () => {
    const dir = temporaryFolder();
    const pages = await save(dir, ["/?status=404", "/cut", "/endless", "/stall", "/hang"], {
      timeoutMs: 100,
      maxBytes: 50_000,
    });
    expect(pages.filter(({ file }) => file !== undefined)).toEqual([]);
    expect(await readdir(dir)).toEqual([]);
  });

  test("nothing is written outside the folder, whatever the address or the folder holds", async () => {
    const parent = temporaryFolder();
    const victim = join(parent, "victim");
    await writeFile(victim, "untouched");
    const dir = join(parent, "pages");
    const [first] = await save(dir, ["/x?body=1"]);
    await symlink(victim, `${first!.file}.link`);
    const name = first!.file!.replace("_x_", "_y_");
    await symlink(victim, name);
    await save(dir, ["/y?body=1", "/..%2f..%2fvictim?body=1", "/%2e%2e/victim?body=1"]);
    expect(await readFile(victim, "utf8")).toBe("untouched");
    expect(await readFile(name, "utf8")).toBe("1");
    expect((await readdir(parent)).toSorted()).toEqual(["pages", "victim"]);
  });

  test("a folder that cannot be one is refused before anything is requested", async () => {
    const file = join(temporaryFolder(), "file");
    await writeFile(file, "");
    await expect(Folder.prepare(file, [])).rejects.toThrow(
      `Cannot save pages in "${file}": there is a file of that name.`,
    );
    await expect(Folder.prepare(join(file, "below"), [])).rejects.toThrow("a part of that path is a file");
  });

  test("a body that cannot be written is a row with its reason", async () => {
    const dir = temporaryFolder();
    const urls = [`${server.origin}/x`];
    const prepared = await Folder.prepare(join(dir, "gone"), urls);
    await import("node:fs/promises").then(({ rm }) => rm(join(dir, "gone"), { recursive: true }));
    const { pages } = await fetchPages(urls, { folder: prepared });
    expect(pages[0]).toMatchObject({
      status: 200,
      error: expect.stringMatching(/^the body cannot be saved as .*: the folder is gone$/),
    });
  });
});

test("the demo serves its pages and no others", async () => {
  const demo = await startDemoServer();
  try {
    expect(demo.urls).toHaveLength(10);
    const quickest = demo.urls.find((url) => url.endsWith("/about"))!;
    expect(await fetchOne(quickest)).toMatchObject({ status: 200, bytes: 2100 });
    expect(await fetchOne(quickest.replace("about", "none"))).toMatchObject({ status: 404 });
  } finally {
    demo.close();
  }
});
