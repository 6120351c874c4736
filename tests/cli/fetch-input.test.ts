import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Readable } from "node:stream";
import { describe, expect, test } from "vitest";
import { labels } from "../../src/cli/fetch/labels.ts";
import { parseOptions, type RawOptions } from "../../src/cli/fetch/options.ts";
import { fileNames } from "../../src/cli/fetch/save.ts";
import { lines, readUrls, type Stdin } from "../../src/cli/fetch/sources.ts";
import { parseTarget } from "../../src/cli/fetch/target.ts";
import { UsageError } from "../../src/cli/usage-error.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

describe("options", () => {
  test("nothing said: all at once, half a minute, no retry, 100 MB", () => {
    expect(parseOptions(["http://a/"], {})).toEqual({
      urls: ["http://a/"],
      from: [],
      concurrency: Infinity,
      timeoutMs: 30_000,
      retries: 0,
      maxBytes: 100_000_000,
      compare: false,
      json: false,
      output: undefined,
      demo: false,
    });
  });

  test("numbers are taken as they are; no time-out is 0; sequential is one at a time", () => {
    const raw = { concurrency: "8", timeout: "0", retries: "3", maxBytes: "1e6" };
    expect(parseOptions([], raw)).toMatchObject({
      concurrency: 8,
      timeoutMs: Infinity,
      retries: 3,
      maxBytes: 1e6,
    });
    expect(parseOptions([], { sequential: true })).toMatchObject({ concurrency: 1 });
    expect(parseOptions([], { timeout: "0.5" })).toMatchObject({ timeoutMs: 0.5 });
  });

  test.each<[RawOptions, string]>([
    [
      { concurrency: "0" },
      'Cannot use --concurrency "0": it takes a number (1 or more).\nWrite for example --concurrency 8.',
    ],
    [
      { concurrency: "2.6" },
      'Cannot use --concurrency "2.6": it takes a whole number (1 or more).\nWrite for example --concurrency 3.',
    ],
    [
      { concurrency: "1e20" },
      'Cannot use --concurrency "1e20": it takes a whole number (1 or more).\nWrite for example --concurrency 8.',
    ],
    [
      { concurrency: "all" },
      'Cannot use --concurrency "all": it takes a number (1 or more).\nWrite for example --concurrency 8.',
    ],
    [
      { timeout: "5s" },
      'Cannot use --timeout "5s": it takes a number (milliseconds, 0 for no limit).\nWrite the number alone: --timeout 5000.',
    ],
    [
      { timeout: "-1" },
      'Cannot use --timeout "-1": it takes a number (milliseconds, 0 for no limit).\nWrite for example --timeout 5000.',
    ],
    [
      { timeout: "" },
      'Cannot use --timeout "": it takes a number (milliseconds, 0 for no limit).\nWrite for example --timeout 5000.',
    ],
    [
      { timeout: "Infinity" },
      'Cannot use --timeout "Infinity": it takes a number (milliseconds, 0 for no limit).\nWrite for example --timeout 5000.',
    ],
    [
      { retries: "NaN" },
      'Cannot use --retries "NaN": it takes a number (0 or more).\nWrite for example --retries 2.',
    ],
    [
      { maxBytes: "10MB" },
      'Cannot use --max-bytes "10MB": it takes a number (bytes, 1 or more).\nWrite the number alone: --max-bytes 10000000.',
    ],
    [
      { sequential: true, concurrency: "4" },
      "Cannot combine --sequential with --concurrency: --sequential is one at a time.\nLeave one of them out.",
    ],
    [
      { sequential: true, compare: true },
      "Cannot combine --sequential with --compare: --compare runs the job both ways.\nLeave one of them out.",
    ],
    [
      { demo: true, from: ["x"] },
      "Cannot combine --demo with --from: --demo brings its own pages.\nLeave one of them out.",
    ],
  ])("%j is refused, with the likely fix", (raw, message) => {
    expect(() => parseOptions([], raw)).toThrow(new UsageError(...(message.split("\n") as [string, string])));
  });

  test("--demo with addresses is refused", () => {
    expect(() => parseOptions(["http://a/"], { demo: true })).toThrow("Cannot combine --demo with URLs");
  });
});

describe("where the addresses come from", () => {
  const stdin = (content: string, fed = true): Stdin => ({
    stream: Readable.from([Buffer.from(content)]),
    fed,
  });
  const never = (): Stdin => {
    throw new Error("standard input was touched");
  };
  const { signal } = new AbortController();
  const file = async (content: string) => {
    const path = join(temporaryFolder(), "urls.txt");
    await writeFile(path, content);
    return path;
  };

  test("one a line; empty lines and comments are skipped, whatever ends a line", () => {
    expect(lines("\uFEFFhttp://a/\r\n\n  # not this\n\thttp://b/#part \rhttp://c/")).toEqual([
      "http://a/",
      "http://b/#part",
      "http://c/",
    ]);
  });

  test("arguments alone leave standard input alone", async () => {
    expect(await readUrls({ urls: ["http://a/"], from: [] }, never, signal)).toEqual(["http://a/"]);
  });

  test("files come behind the arguments, and - stands for standard input where it is", async () => {
    const from = [await file("http://c/\nhttp://d/"), await file("http://e/")];
    const urls = ["http://a/", "-", "http://b/"];
    expect(await readUrls({ urls, from }, () => stdin("http://x/\n"), signal)).toEqual(
      ["a", "x", "b", "c", "d", "e"].map((host) => `http://${host}/`),
    );
  });

  test("a pipe is read when nothing is named, and only then", async () => {
    expect(await readUrls({ urls: [], from: [] }, () => stdin("http://x/"), signal)).toEqual(["http://x/"]);
    expect(await readUrls({ urls: [], from: ["-"] }, () => stdin("http://x/", false), signal)).toEqual([
      "http://x/",
    ]);
  });

  test("nothing anywhere is an error that says what to do", async () => {
    const none = { urls: [], from: [] };
    await expect(readUrls(none, () => stdin("", false), signal)).rejects.toThrow(
      "Cannot fetch: no URL was given.",
    );
    await expect(readUrls(none, () => stdin("# only\n"), signal)).rejects.toThrow(
      "there is no URL in standard input",
    );
    const empty = await file("\n");
    await expect(readUrls({ urls: [], from: [empty] }, never, signal)).rejects.toThrow(
      `no URL in "${empty}"`,
    );
  });

  test("a file that is not there, or is none, is named with the reason", async () => {
    await expect(readUrls({ urls: [], from: ["/nowhere.txt"] }, never, signal)).rejects.toThrow(
      'Cannot read URLs from "/nowhere.txt": there is no such file.',
    );
    await expect(readUrls({ urls: [], from: [temporaryFolder()] }, never, signal)).rejects.toThrow(
      "it is a folder",
    );
  });
});

test.each([
  ["example.com/a", "not an address: it lacks a scheme, as in https://example.com/a"],
  ["localhost:3000/a", "not an address: it lacks a scheme, as in http://localhost:3000/a"],
  ["http://", "not an address: it cannot be read as a URL"],
  ["no \u001b[2J", "not an address: it cannot be read as a URL"],
  ["ftp://a/b", "the scheme ftp: cannot be requested, only http: and https: can"],
  ["javascript:alert(1)", "the scheme javascript: cannot be requested, only http: and https: can"],
  ["http://me:secret@a/", "an address with a user name or a password in it cannot be requested"],
])("%j is no target", (text, reason) => {
  expect(parseTarget(text)).toEqual({ reason });
});

describe("file names", () => {
  const names = (...urls: string[]) =>
    fileNames(urls).map(({ stem, extension }) => `${stem}|${extension ?? ""}`);

  test("are made of host, path and query", () => {
    expect(
      names("http://a.com/", "http://a.com:81/x/y.html", "http://a.com/p?q=1&r=2", "http://a.com/p.php?id=3"),
    ).toEqual(["a.com|", "a.com_81_x_y|html", "a.com_p_q_1_r_2|", "a.com_p_id_3|php"]);
  });

  test("hold nothing that leaves the folder or hides in it", () => {
    const urls = [
      "http://a/../../etc/passwd",
      "http://a/%2e%2e/%2F..%5c..%5cx",
      "http://a/\\..\\..\\y",
      "http://a/.ssh/id",
      "http://a/%00/x",
      "http://a/日本.html",
      "ht tp://bad",
      `http://a/${"long/".repeat(100)}`,
      "http://con/",
    ];
    for (const { stem, extension } of fileNames(urls)) {
      expect(stem).toMatch(/^[A-Za-z0-9][A-Za-z0-9._-]*$/);
      expect(stem).not.toContain("..");
      expect(stem.length).toBeLessThanOrEqual(130);
      expect(extension ?? "x").toMatch(/^[a-z0-9]{1,5}$/);
    }
    expect(fileNames(["http://con/"])[0]!.stem).toBe("page_con");
  });

  test("never collide, not even without case, and do not depend on who is done first", () => {
    const urls = [
      "http://a/x",
      "http://a/X",
      "http://a/x?",
      "http://a/x/",
      "http://a/x-2",
      "http://a/x.html",
      "nonsense",
      "nonsense",
    ];
    const all = names(...urls).map((name) => name.split("|")[0]!.toLowerCase());
    expect(new Set(all).size).toBe(urls.length);
  });
});

test("rows are named by path when all are of one server, by host and path otherwise", () => {
  expect(labels(["http://a:1/x?y#z", "http://a:1/"])).toEqual({ origin: "http://a:1", names: ["/x?y", "/"] });
  expect(labels(["http://a:1/x", "https://b/"])).toEqual({ origin: undefined, names: ["a:1/x", "b"] });
  expect(labels(["", "http://b/"]).names).toEqual(['""', "b"]);
  expect(labels(["http://a:1/x"])).toEqual({ origin: undefined, names: ["a:1/x"] });
  expect(labels(["http://a/ü\u202e", "mailto:x\u001b"])).toEqual({
    origin: undefined,
    names: ["a/%C3%BC%E2%80%AE", "mailto:x\\x1b"],
  });
});
