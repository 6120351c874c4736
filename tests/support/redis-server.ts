/** A Redis of the tests' own: on a free port, in a folder of its own, and known to be the one that was started. */
import { spawn, type ChildProcess } from "node:child_process";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { Redis } from "ioredis";
import { atExit } from "./at-exit.ts";

export interface RedisServerOptions {
  /** Whether it has again, after a restart, what it had before. */
  readonly persistent?: boolean;
}

/** Where it is installed, if it is. */
function redisServerPath(): string | undefined {
  const folders = (process.env["PATH"] ?? "").split(delimiter);
  return [...folders, "/usr/bin", "/usr/local/bin", "/opt/homebrew/bin"]
    .map((folder) => join(folder, "redis-server"))
    .find((path) => existsSync(path));
}

/** Whether what needs Redis is left out. Where nobody watches, it never is. */
export function withoutRedis(): boolean {
  if (redisServerPath() !== undefined || process.env["CI"] === "true") return false;
  console.warn(
    "Skipped, since redis-server is not installed: what is tested with a real one. " +
      "To have it: apt-get install redis-server (Debian), brew install redis (macOS).",
  );
  return true;
}

export class RedisServer {
  readonly port: number;
  readonly folder: string;
  readonly #persistent: boolean;
  #process: ChildProcess | null = null;
  readonly #closed: () => void;

  private constructor(port: number, persistent: boolean) {
    this.port = port;
    this.folder = mkdtempSync(join(tmpdir(), "cede-redis-"));
    this.#persistent = persistent;
    this.#closed = atExit(() => {
      this.#process?.kill("SIGKILL");
      this.#remove();
    });
  }

  static async start({ persistent = true }: RedisServerOptions = {}): Promise<RedisServer> {
    for (let attempt = 1; ; attempt++) {
      const server = new RedisServer(await freePort(), persistent);
      try {
        await server.start();
        return server;
      } catch (error) {
        await server.close();
        if (attempt === 3) throw error;
      }
    }
  }

  get url(): string {
    return `redis://127.0.0.1:${this.port}`;
  }

  async start(): Promise<void> {
    const path = redisServerPath();
    if (path === undefined) throw new Error("Cannot start Redis: redis-server is not installed.");
    const settings = {
      port: String(this.port),
      bind: "127.0.0.1",
      dir: this.folder,
      appendonly: this.#persistent ? "yes" : "no",
      // Written before it is answered, so that killing the process loses nothing; "everysec" may write later on a busy disk.
      appendfsync: "no",
      save: "",
      daemonize: "no",
    };
    const args = Object.entries(settings).flatMap(([name, value]) => [`--${name}`, value]);
    const child = spawn(path, args, { stdio: ["ignore", "ignore", "inherit"] });
    this.#process = child;
    const died = new Promise<never>((_, reject) => {
      child.once("error", reject);
      child.once("exit", (code) => reject(new Error(`redis-server ended with ${code}`)));
    });
    died.catch(() => {});
    await Promise.race([this.#ours(), died]);
  }

  /** Waits until it answers, and sees that it is the one that was started here. */
  async #ours(): Promise<void> {
    const redis = new Redis(this.url, { maxRetriesPerRequest: null, retryStrategy: () => 30 });
    redis.on("error", () => {});
    try {
      for (;;) {
        const info = await redis.info("server").catch(() => "");
        const pid = /process_id:(\d+)/.exec(info)?.[1];
        if (pid === String(this.#process?.pid)) return;
        if (pid !== undefined) throw new Error(`Another Redis listens on port ${this.port}.`);
        await new Promise((resolve) => setTimeout(resolve, 30));
      }
    } finally {
      redis.disconnect();
    }
  }

  /** Ends it, as `kill` does; a persistent one keeps what it has. */
  async stop(signal: "SIGTERM" | "SIGKILL" = "SIGKILL"): Promise<void> {
    const child = this.#process;
    this.#process = null;
    if (child === null || child.exitCode !== null || child.signalCode !== null) return;
    const ended = new Promise((resolve) => child.once("exit", resolve));
    child.kill(signal);
    await ended;
  }

  /** Has it answer nothing, though it holds its connections, until `thaw`. */
  freeze(): void {
    this.#process!.kill("SIGSTOP");
  }
  thaw(): void {
    this.#process?.kill("SIGCONT");
  }

  async close(): Promise<void> {
    await this.stop();
    this.#closed();
    this.#remove();
  }

  /** Again if it must be: a server that has just been killed may write still. */
  #remove(): void {
    rmSync(this.folder, { recursive: true, force: true, maxRetries: 3 });
  }
}

async function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      server.close(() => resolve((address as { port: number }).port));
    });
  });
}
