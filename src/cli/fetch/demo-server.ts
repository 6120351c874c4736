import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

// Pages with fixed latencies, on loopback, for this run alone: the job can be seen without a network.

const PAGES = [
  { path: "/search", latencyMs: 420, bytes: 48_200 },
  { path: "/news", latencyMs: 730, bytes: 132_000 },
  { path: "/weather", latencyMs: 250, bytes: 9_400 },
  { path: "/maps", latencyMs: 1000, bytes: 310_500 },
  { path: "/mail", latencyMs: 560, bytes: 27_800 },
  { path: "/music", latencyMs: 340, bytes: 18_900 },
  { path: "/sports", latencyMs: 640, bytes: 76_300 },
  { path: "/about", latencyMs: 120, bytes: 2_100 },
  { path: "/photos", latencyMs: 870, bytes: 205_000 },
  { path: "/help", latencyMs: 180, bytes: 5_600 },
] as const;

export interface DemoServer {
  readonly urls: readonly string[];
  /** Ends at once, whatever is still connected. */
  close(): void;
}

export async function startDemoServer(): Promise<DemoServer> {
  const server = createServer((request, response) => {
    const page = PAGES.find(({ path }) => path === request.url);
    if (page === undefined) {
      response.writeHead(404, { "content-type": "text/plain" }).end("There is no such page in the demo.\n");
      return;
    }
    const timer = setTimeout(
      () => response.writeHead(200, { "content-type": "text/html" }).end(body(page)),
      page.latencyMs,
    );
    response.on("close", () => clearTimeout(timer));
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject).listen(0, "127.0.0.1", resolve);
  });
  const { port } = server.address() as AddressInfo;
  return {
    urls: PAGES.map(({ path }) => `http://127.0.0.1:${port}${path}`),
    close() {
      server.close();
      server.closeAllConnections();
    },
  };
}

function body({ path, bytes }: (typeof PAGES)[number]): string {
  return `<!doctype html><title>${path}</title><!-- `.padEnd(bytes - 4, ".") + "-->\n";
}
