import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeEach, describe, expect, test } from "vitest";
import type { Report } from "../../src/cli/fetch/report.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { loopback, type Loopback } from "./loopback.ts";

// The real command, as a process of its own.

const MAIN = join(import.meta.dirname, "../../src/cli/main.ts");

let server: Loopback;
beforeEach(async () => {
  server = await loopback();
  return () => server.close();
});

interface Ended {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

interface Options {
  readonly input?: string;
  readonly env?: Record<string, string>;
  /** Called whenever something was printed. */
  readonly onOutput?: (out: string, child: ChildProcess) => void;
}

type Running = Promise<Ended> & { readonly child: ChildProcess };

function cede(args: readonly string[], { input, env, onOutput }: Options = {}): Running {
  const child = spawn(process.execPath, ["--conditions=@cede/source", MAIN, ...args], {
    stdio: [input === undefined ? "ignore" : "pipe", "pipe", "pipe"],
    env: { ...process.env, NO_COLOR: "", FORCE_COLOR: "0", ...env },
  });
  const ended = new Promise<Ended>((resolve, reject) => {
    let out = "";
    let err = "";
    child.stdout!.setEncoding("utf8").on("data", (text: string) => {
      out += text;
      onOutput?.(out, child);
    });
    child.stderr!.setEncoding("utf8").on("data", (text: string) => (err += text));
    child.on("error", reject).on("close", (code) => resolve({ code, out, err }));
  });
  child.stdin?.end(input);
  return Object.assign(ended, { child });
}

/** Times and ports differ from run to run. */
function steady(text: string): string {
  return text
    .replaceAll(server.origin, "SITE")
    .replaceAll(/ *\d+(?:\.\d+)? (?:ms|s)\b/g, " T")
    .replaceAll(/http:\/\/127\.0\.0\.1:\d+/g, "DEMO");
}

const at = (...paths: string[]) => paths.map((path) => server.origin + path);

describe("in a pipe", () => {
  test("a plain line for each page as it is done, then what it came to", async () => {
    const { code, out, err } = await cede(["fetch", ...at("/b?held", "/a?body=12345")], {
      onOutput: () => server.release(),
    });
    expect({ code, err }).toEqual({ code: 0, err: "" });
    expect(steady(out).split("\n")).toEqual([
      "ok      200 T      5 B  SITE/a?body=12345",
      "ok      200 T      9 B  SITE/b?held",
      "Run time T, cumulative T, slowest T (SITE/b?held).",
      "Both pages fetched.",
      "",
    ]);
  });

  test("a failed page is a line with its reason, and exit code 1", async () => {
    const { code, out } = await cede(
      ["fetch", "--retries", "1", ...at("/a?held", "/flaky?n=5"), "nonsense:"],
      { onOutput: (out) => /flaky/.test(out) && server.release() },
    );
    expect(code).toBe(1);
    expect(steady(out).split("\n")).toEqual([
      "failed   -- T      0 B  nonsense:  the scheme nonsense: cannot be requested, only http: and https: can",
      "failed  503 T      5 B  SITE/flaky?n=5  the server answered 503 Service Unavailable (2 attempts)",
      "ok      200 T      9 B  SITE/a?held",
      "Run time T, cumulative T, slowest T (SITE/a?held).",
      "1 of 3 pages fetched, 2 failed.",
      "",
    ]);
  });

  test("no escape sequence, unless colour is asked for; NO_COLOR wins", async () => {
    const url = at("/a");
    expect((await cede(["fetch", ...url])).out).not.toContain("\u001b");
    expect((await cede(["fetch", ...url], { env: { FORCE_COLOR: "1" } })).out).toContain(
      "\u001b[32mok\u001b[39m",
    );
    expect((await cede(["fetch", ...url], { env: { FORCE_COLOR: "1", NO_COLOR: "1" } })).out).not.toContain(
      "\u001b",
    );
  });

  test("--compare runs the job both ways", async () => {
    const { code, out } = await cede(["fetch", "--compare", ...at("/a?held", "/b")], {
      onOutput: (out) => /\/b$/m.test(out) && server.release(),
    });
    expect(code).toBe(0);
    const lines = steady(out).split("\n");
    expect(lines).toEqual([
      "2 pages, concurrently:",
      "ok      200 T      9 B  SITE/b",
      "ok      200 T      9 B  SITE/a?held",
      "Run time T, cumulative T, slowest T (SITE/a?held).",
      "Both pages fetched.",
      "",
      "2 pages, one after another:",
      "ok      200 T      9 B  SITE/a?held",
      "ok      200 T      9 B  SITE/b",
      expect.stringMatching(/^Run time/),
      "Both pages fetched.",
      "",
      expect.stringMatching(/^concurrently +T$/),
      expect.stringMatching(/^one after another +T$/),
      expect.stringMatching(
        /^One after another (?:took (?:[\d.]+ times )?as long|was [\d.]+ times faster)\.$/,
      ),
      "",
    ]);
  });

  test("--demo needs no address", async () => {
    const { code, out } = await cede(["fetch", "--demo"]);
    expect(code).toBe(0);
    expect(steady(out)).toContain("ok      200 T   311 kB  DEMO/maps\n");
    expect(out).toContain("All 10 pages fetched.\n");
  });
});

describe("--json", () => {
  const json = (out: string): Report & { sequential?: Report } => {
    expect(out.endsWith("}\n")).toBe(true);
    return JSON.parse(out) as Report;
  };

  test("one object of the documented shape", async () => {
    const urls = at("/b", "/?status=500");
    const { code, out, err } = await cede(["fetch", "--json", ...urls]);
    expect({ code, err }).toEqual({ code: 1, err: "" });
    const number = expect.any(Number) as number;
    const report = json(out);
    const pages = report.pages.toSorted((one, other) => one.status! - other.status!);
    expect({ ...report, pages }).toEqual({
      runMs: number,
      cumulativeMs: number,
      slowestMs: number,
      pages: [
        { url: urls[0], status: 200, ms: number, startMs: number, bytes: 9 },
        {
          url: urls[1],
          status: 500,
          ms: number,
          startMs: number,
          bytes: 8,
          error: "the server answered 500 Internal Server Error",
        },
      ],
    });
  });

  test("--compare adds the second run, -o the files, a retry its number", async () => {
    const dir = temporaryFolder();
    const { out } = await cede([
      "fetch",
      "--json",
      "--compare",
      "--retries",
      "1",
      "-o",
      dir,
      ...at("/flaky?n=1"),
    ]);
    const report = json(out);
    const [page] = report.pages;
    expect(page).toMatchObject({ status: 200, retries: 1 });
    expect(await readdir(dir)).toEqual([page!.file!.slice(dir.length + 1)]);
    expect(report.sequential!.pages).toHaveLength(1);
    expect(report.sequential).not.toHaveProperty("sequential");
    expect(report.sequential!.pages[0]).not.toHaveProperty("file");
  });

  test("nothing in it can steer a terminal, and it still says the same", async () => {
    const odd = "x:\u001b[2J\u009b\u202e";
    const { out } = await cede(["fetch", "--json", odd]);
    expect(out.trimEnd()).not.toMatch(/[\p{Cc}\p{Bidi_Control}]/u);
    expect(json(out).pages[0]).toMatchObject({ url: odd, status: null });
  });
});

describe("addresses", () => {
  test("from a pipe", async () => {
    const { code, out } = await cede(["fetch"], { input: `# mine\n${at("/a", "/b").join("\n")}\n` });
    expect(code).toBe(0);
    expect(out).toContain("Both pages fetched.");
  });

  test("from a file, standard input and arguments together", async () => {
    const file = join(temporaryFolder(), "urls.txt");
    await writeFile(file, at("/from-file").join("\n"));
    const { out } = await cede(["fetch", "-", "--from", file, ...at("/argument")], {
      input: at("/from-pipe").join("\n"),
    });
    expect(server.requested.toSorted()).toEqual(["/argument", "/from-file", "/from-pipe"]);
    expect(out).toContain("All 3 pages fetched.");
  });

  test("when some are named, a pipe is left alone", async () => {
    await cede(["fetch", ...at("/a")], { input: at("/b").join("\n") });
    expect(server.requested).toEqual(["/a"]);
  });
});

test("-o saves the bodies and says where", async () => {
  const dir = join(temporaryFolder(), "pages");
  const { out } = await cede(["fetch", "-o", dir, ...at("/a", "/b", "/?status=404")]);
  expect(await readdir(dir)).toHaveLength(2);
  expect(out).toContain(`Saved 2 pages in ${dir}\n`);
});

describe("a command line that cannot be run is exit code 2, nothing requested, and what to do instead:", () => {
  test.each([
    [
      "fetch",
      "Cannot fetch: no URL was given.\nName some, `cede fetch URL…`, or a file of them, `--from FILE`; `--demo` needs none.\n",
    ],
    [
      "fetch --timeout 5s URL",
      'Cannot use --timeout "5s": it takes a number (milliseconds, 0 for no limit).\nWrite the number alone: --timeout 5000.\n',
    ],
    [
      "fetch --from /nowhere",
      'Cannot read URLs from "/nowhere": there is no such file.\n--from takes a text file with one URL a line.\n',
    ],
    [
      "fetch --concurency 3 URL",
      "Cannot run this: unknown option '--concurency'.\nDid you mean --concurrency?\n",
    ],
    ["fetch --timeout", "Cannot run this: option '--timeout <ms>' argument missing.\n"],
    ["fecth URL", "Cannot run this: unknown command 'fecth'.\nDid you mean fetch?\n"],
  ])("cede %s", async (line, message) => {
    const { code, out, err } = await cede(line.replace("URL", at("/a")[0]!).split(" "));
    expect({ code, out }).toEqual({ code: 2, out: "" });
    expect(err.startsWith(message)).toBe(true);
    expect(server.requested).toEqual([]);
  });

  test("cede fetch -o a file", async () => {
    const { code, err } = await cede(["fetch", "-o", MAIN, ...at("/a")]);
    expect({ code, err }).toEqual({
      code: 2,
      err: `Cannot save pages in "${MAIN}": there is a file of that name.\nGive -o a folder, or a name that is still free.\n`,
    });
  });
});

test("docs/cede-fetch.md says of the exit codes and of --json what --help says", async () => {
  const { out } = await cede(["fetch", "--help"]);
  const told = /^Exit code: .*?(?=\n\nExamples:)/ms.exec(out)?.[0];
  expect(told).toContain("\nWith --json:\n");
  const page = await readFile(join(MAIN, "../../../docs/cede-fetch.md"), "utf8");
  expect(/^```text\n(.*?)\n```$/ms.exec(page)?.[1]).toBe(told);
});

test("--help tells what --json prints", async () => {
  const { code, out } = await cede(["fetch", "--help"]);
  expect(code).toBe(0);
  expect(out).toContain(
    "{runMs, cumulativeMs, slowestMs, pages: [{url, status, ms, startMs, bytes, error?, retries?, file?}]}",
  );
});

describe("interruption", () => {
  test.each([
    ["SIGINT", 130],
    ["SIGTERM", 143],
  ] as const)("%s cancels, prints what was done, and exits %i", async (signal, code) => {
    const ended = await cede(["fetch", ...at("/a?together=3", "/hang", "/stall")], {
      onOutput: (out, child) => out.includes("/a?together=3\n") && !child.killed && child.kill(signal),
    });
    expect({ ...ended, out: steady(ended.out).split("\n") }).toEqual({
      code,
      err: "",
      out: [
        "ok      200 T      9 B  SITE/a?together=3",
        "Run time T, cumulative T, slowest T (SITE/a?together=3).",
        "Interrupted: 1 of 3 pages done, 2 not finished.",
        "",
      ],
    });
    await expect.poll(() => server.abandoned.toSorted()).toEqual(["/hang", "/stall"]);
  });

  test("--json prints the same object, with what was not finished", async () => {
    const urls = at("/a", "/hang");
    const running = cede(["fetch", "--json", "--timeout", "0", ...urls]);
    await expect.poll(() => server.requested.length).toBe(2);
    running.child.kill("SIGINT");
    const { code, out, err } = await running;
    expect({ code, err }).toEqual({ code: 130, err: "" });
    const report = JSON.parse(out) as Report;
    expect(report.unfinished).toContain(urls[1]);
    expect([...report.pages.map(({ url }) => url), ...report.unfinished!]).toEqual(urls);
  });

  test("nothing done yet; the second run of --compare does not begin", async () => {
    const { code, out } = await cede(["fetch", "--compare", ...at("/hang")], {
      onOutput: (_out, child) => !child.killed && child.kill("SIGINT"),
    });
    expect({ code, out }).toEqual({
      code: 130,
      out: "1 page, concurrently:\nInterrupted: 0 of 1 page done, 1 not finished.\n",
    });
  });

  test("what was saved until then is said too", async () => {
    const dir = temporaryFolder();
    const { code, out } = await cede(["fetch", "-o", dir, ...at("/a", "/hang")], {
      onOutput: (out, child) => out.includes("/a\n") && !child.killed && child.kill("SIGINT"),
    });
    expect(code).toBe(130);
    expect(out).toContain(`1 not finished.\nSaved 1 page in ${dir}\n`);
    expect(await readdir(dir)).toHaveLength(1);
  });

  test("a second Ctrl-C ends at once, whatever still goes on", async () => {
    const program = `
      import { withInterruption } from ${JSON.stringify(join(MAIN, "../interruption.ts"))};
      await withInterruption((signal) => new Promise(() => {
        signal.addEventListener("abort", () => console.log(signal.reason.message));
        setInterval(() => {}, 1000);
        console.log("running");
      }));`;
    const child = spawn(process.execPath, ["--input-type=module", "--eval", program]);
    let out = "";
    child.stdout.on("data", (text) => {
      out += text;
      child.kill("SIGINT");
    });
    const [code] = (await once(child, "close")) as [number];
    expect({ code, out }).toEqual({ code: 130, out: "running\ninterrupted by SIGINT\n" });
  });

  test("a reader that goes away ends it quietly", async () => {
    const { code, err } = await cede(["fetch", ...at("/a", "/b?held")], {
      onOutput: (_out, child) => void child.stdout!.once("close", () => server.release()).destroy(),
    });
    expect({ code, err }).toEqual({ code: 141, err: "" });
  });
});
