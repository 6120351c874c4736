import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import {
  connect,
  createServer as createTcpServer,
  type AddressInfo,
  type Server as NetServer,
} from "node:net";
import { gzipSync } from "node:zlib";

// A server with every habit, good and bad, that a page can have. Loopback only.

export interface Loopback {
  readonly origin: string;
  /** Paths in the order in which they were requested. */
  readonly requested: readonly string[];
  /** Requests whose client went away before the answer was complete. */
  readonly abandoned: readonly string[];
  /** The most requests that were open at one time. */
  readonly most: number;
  /** Answers those that asked for `?held`, and holds no more. */
  release(): void;
  close(): Promise<void>;
}

type Habit = (request: IncomingMessage, response: ServerResponse, url: URL) => void;

export async function loopback(): Promise<Loopback> {
  const requested: string[] = [];
  const abandoned: string[] = [];
  const tries = new Map<string, number>();
  let open = 0;
  let most = 0;
  let released = false;
  /** Those that wait for something, and what for. */
  const waiting: { readonly isDue: () => boolean; readonly answer: () => void }[] = [];
  const answerDue = (): void => {
    for (const { answer } of waiting.filter(({ isDue }) => isDue())) answer();
  };

  const habits: Record<string, Habit> = {
    /** Says nothing, ever. */
    hang: () => {},
    loop: (request, response) => void response.writeHead(302, { location: request.url }).end(),
    moved: (_request, response) => void response.writeHead(302, { location: "/page" }).end(),
    elsewhere: (_request, response) => void response.writeHead(302, { location: "ftp://127.0.0.1/x" }).end(),
    endless(_request, response) {
      const piece = "x".repeat(10_000);
      const more = () => {
        while (!response.destroyed && response.write(piece));
      };
      response.on("drain", more);
      more();
    },
    /** A body that begins and then stops. */
    stall: (_request, response) => void response.write("begun"),
    cut(_request, response) {
      response.writeHead(200, { "content-length": "1000" });
      response.write("half", () => response.destroy());
    },
    reset: (request) => void request.socket.destroy(),
    /** 503 for the first `n` requests of the same address, then a page. */
    flaky(request, response, url) {
      const count = (tries.get(request.url!) ?? 0) + 1;
      tries.set(request.url!, count);
      response.writeHead(count > Number(url.searchParams.get("n")) ? 200 : 503).end("flaky");
    },
    gzip: (_request, response) =>
      void response.writeHead(200, { "content-encoding": "gzip" }).end(gzipSync("x".repeat(5000))),
    broken: (_request, response) =>
      void response.writeHead(200, { "content-encoding": "gzip" }).end("no gzip"),
    /** A reason that would clear the screen. */
    steer: (_request, response) =>
      void response.socket!.end("HTTP/1.1 500 \u0080\u009b2J\r\nconnection: close\r\n\r\n"),
  };

  const server = createServer((request, response) => {
    const url = new URL(request.url!, "http://localhost");
    requested.push(url.pathname + url.search);
    most = Math.max(most, ++open);
    answerDue();
    response.on("close", () => {
      open--;
      if (!response.writableFinished) abandoned.push(url.pathname);
    });
    const habit = habits[url.pathname.slice(1)];
    if (habit) return habit(request, response, url);
    const { searchParams } = url;
    waiting.push({
      // `?together=3`: once three have been open at one time.
      isDue: () =>
        !response.writableEnded &&
        (released || !searchParams.has("held")) &&
        most >= Number(searchParams.get("together") ?? 0),
      answer() {
        response.writeHead(Number(searchParams.get("status") ?? 200), {
          "content-type": searchParams.get("type") ?? "text/html; charset=utf-8",
        });
        response.end(searchParams.get("body") ?? `<p>${url.pathname}</p>`);
      },
    });
    answerDue();
  });
  await listen(server);
  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requested,
    abandoned,
    get most() {
      return most;
    },
    release() {
      released = true;
      answerDue();
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/** Something that answers, but not in HTTP. */
export async function notHttp(): Promise<{ origin: string; close(): void }> {
  const server = createTcpServer((socket) => socket.on("error", () => {}).end("SSH-2.0-none\r\n"));
  await listen(server);
  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () => void server.close(),
  };
}

/** A loopback address where nobody listens: one that was free a moment ago. */
export async function closedPort(): Promise<string> {
  const server = createTcpServer();
  await listen(server);
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  await new Promise<void>((resolve) => connect(port, "127.0.0.1").once("error", () => resolve()));
  return `http://127.0.0.1:${port}`;
}

function listen(server: NetServer): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(0, "127.0.0.1", resolve);
  });
}
