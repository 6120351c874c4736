// The pages that examples 1 and 2 request when they are given none: a real server, on this machine only,
// which takes a fixed time over each page. So both examples show the same figures to everybody, offline too.
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

/** How long the server takes over each page, in milliseconds. */
const LATENCIES: Readonly<Record<string, number>> = {
  "/search": 300,
  "/news": 700,
  "/maps": 400,
  "/mail": 600,
  "/shop": 200,
};

/** Hands the given pages to `request`; if there are none, those of a server that runs for just as long. */
export async function withPages(
  given: readonly string[],
  request: (pages: readonly string[]) => Promise<void>,
  latencies = LATENCIES,
): Promise<void> {
  if (given.length > 0) return request(given);

  const server = createServer((incoming, answer) => {
    const latency = latencies[incoming.url ?? ""];
    if (latency === undefined) answer.writeHead(404).end();
    else setTimeout(() => answer.end(`This is ${incoming.url}\n`), latency);
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject).listen(0, "127.0.0.1", resolve);
  });
  const { port } = server.address() as AddressInfo;
  try {
    await request(Object.keys(latencies).map((path) => `http://127.0.0.1:${port}${path}`));
  } finally {
    server.close();
    server.closeAllConnections();
  }
}
