import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { run } from "cede";
import { expect, onTestFinished, test } from "vitest";
import { main as oneByOne } from "../../examples/01-pages-one-by-one.ts";
import { main as allAtOnce } from "../../examples/02-pages-at-once.ts";
import { withPages } from "../../examples/support/pages.ts";
import { printedBy } from "./output.ts";

const SECONDS = String.raw`\d+\.\d\d s`;
const SUMMARY = new RegExp(`^Ran for ${SECONDS}; the requests add up to ${SECONDS}$`);

/** The path of the page that a line is about. */
function pathIn(line: string): string | undefined {
  return new RegExp(String.raw`^http://127\.0\.0\.1:\d+(/.*) took ${SECONDS}$`).exec(line)?.[1];
}

/** A server on loopback that leaves it to the test when to answer. */
async function serve(onRequest: (path: string, answer: ServerResponse) => void): Promise<string> {
  const server = createServer((request, answer) => onRequest(request.url ?? "", answer));
  await new Promise<void>((resolve) => {
    server.listen(0, "127.0.0.1", resolve);
  });
  onTestFinished(() => {
    server.close();
    server.closeAllConnections();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

test("example 1 requests a page only once the one before it is answered", async () => {
  const asked: string[] = [];
  let open = 0;
  const origin = await serve((path, answer) => {
    open += 1;
    asked.push(`${path}, ${open} open`);
    setImmediate(() => {
      open -= 1;
      answer.end("a page");
    });
  });

  const lines = await printedBy(() => oneByOne(["/a", "/b", "/c"].map((path) => origin + path)));

  expect(asked).toEqual(["/a, 1 open", "/b, 1 open", "/c, 1 open"]);
  expect(lines.slice(0, -1).map(pathIn)).toEqual(["/a", "/b", "/c"]);
  expect(lines.at(-1)).toMatch(SUMMARY);
});

test("example 2 requests all pages at once, and shows each as it is answered", async () => {
  // Nothing is answered before everything has been asked, and each next page only once the one before it has
  // been printed: so the order is the server's, whatever the machine is busy with.
  const order = ["/c", "/a", "/b"];
  const open = new Map<string, ServerResponse>();
  const answerNext = () => {
    const path = order.find((candidate) => open.has(candidate)) ?? "";
    open.get(path)?.end("a page");
    open.delete(path);
  };
  const origin = await serve((path, answer) => {
    open.set(path, answer);
    if (open.size === order.length) answerNext();
  });

  const pages = ["/a", "/b", "/c"].map((path) => origin + path);
  const lines = await printedBy(() => run(() => allAtOnce(pages)), answerNext);

  expect(lines.slice(0, -1).map(pathIn)).toEqual(order);
  expect(lines.at(-1)).toMatch(SUMMARY);
});

test("without pages of one's own there is a server with fixed latencies, as long as it is needed", async () => {
  const latencies = { "/slow": 2, "/quick": 1 };
  let pages: readonly string[] = [];
  const lines = await printedBy(() =>
    withPages(
      [],
      (served) => {
        pages = served;
        return oneByOne(served);
      },
      latencies,
    ),
  );
  expect(lines.slice(0, -1).map(pathIn)).toEqual(["/slow", "/quick"]);
  await expect(fetch(pages[0] ?? "")).rejects.toThrow("fetch failed");
});

test("pages of one's own are requested as they are", async () => {
  const given = ["http://one.example/", "http://two.example/"];
  await withPages(given, async (pages) => expect(pages).toEqual(given));
});
