// A Redis of the program's own: on a free port, in a folder of its own, for as long as the program uses it.
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer, type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { call, resource, timeout, until, type Resource } from "cede";

/** Gives its address; `undefined` where redis-server is not installed. */
export const redisServer = (): Resource<string | undefined> =>
  resource(function* (provide) {
    const folder = yield* call(() => mkdtemp(join(tmpdir(), "cede-redis-")));
    const port = yield* call(freePort);
    const settings = [
      "--port",
      `${port}`,
      "--bind",
      "127.0.0.1",
      "--dir",
      folder,
      "--appendonly",
      "yes",
      "--save",
      "",
    ];
    const server = spawn("redis-server", settings, { stdio: ["ignore", "pipe", "ignore"] });
    const ended = ending(server);
    try {
      const started = yield* timeout(10_000, () => until(Promise.race([ready(server), ended])));
      yield* provide(started === "ready" ? `redis://127.0.0.1:${port}` : undefined);
    } finally {
      server.kill();
      yield* until(ended);
      yield* until(rm(folder, { recursive: true, force: true }));
    }
  });

async function ready({ stdout }: ChildProcess): Promise<"ready"> {
  for (let said = ""; !said.includes("Ready to accept connections");) {
    const [text] = await once(stdout!, "data");
    said += String(text);
  }
  stdout!.resume();
  return "ready";
}

/** It ends, or could not be started at all. */
async function ending(server: ChildProcess): Promise<void> {
  await once(server, "exit").catch((error: { code?: unknown }) => {
    if (error.code !== "ENOENT") throw error;
  });
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  return port;
}
