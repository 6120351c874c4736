import { printable } from "../render/text.ts";
import { size } from "../render/units.ts";

/** Why a page failed, in words, and whether asking again may help. */
export interface Failure {
  readonly reason: string;
  readonly transient: boolean;
}

export class BodyTooLargeError extends Error {
  override name = "BodyTooLargeError";

  constructor(limit: number) {
    super(`the body is larger than ${size(limit)} (--max-bytes)`);
  }
}

export class CannotSaveError extends Error {
  override name = "CannotSaveError";
}

const DEFAULT_PORT: Record<string, number> = { "http:": 80, "https:": 443 };

/** What fetch and Node report by a code. */
const BY_CODE: Record<string, (url: URL) => string> = {
  ENOTFOUND: (url) => `the host name ${url.hostname} does not resolve`,
  EAI_AGAIN: (url) => `the host name ${url.hostname} cannot be resolved now: the name server does not answer`,
  ECONNREFUSED: (url) => `nothing listens on ${hostAndPort(url)}: the connection was refused`,
  ECONNRESET: () => "the server closed the connection before its answer was complete",
  EPIPE: () => "the server closed the connection before its answer was complete",
  UND_ERR_SOCKET: () => "the server closed the connection before its answer was complete",
  UND_ERR_RES_CONTENT_LENGTH_MISMATCH: () => "the body is shorter or longer than the server had announced",
  UND_ERR_CONNECT_TIMEOUT: (url) => `no connection to ${hostAndPort(url)} came about in time`,
  UND_ERR_HEADERS_TIMEOUT: () => "the server took the request and never answered",
  UND_ERR_BODY_TIMEOUT: () => "the server stopped in the middle of the body",
  UND_ERR_HEADERS_OVERFLOW: () => "the headers of the answer are too large",
  ETIMEDOUT: (url) => `no connection to ${hostAndPort(url)} came about in time`,
  EHOSTUNREACH: (url) => `${url.hostname} cannot be reached from here`,
  ENETUNREACH: (url) => `${url.hostname} cannot be reached from here`,
  EMFILE: () => "too many files and connections are open in this process: use --concurrency",
  ENFILE: () => "too many files and connections are open on this machine: use --concurrency",
  EADDRNOTAVAIL: () => "this machine has no free port left: use --concurrency",
};

/** Asking again changes nothing about these. */
const LASTING: [test: RegExp, reason: (url: URL, message: string) => string][] = [
  [/^redirect count exceeded$/, () => "the redirects do not end (stopped after 20)"],
  [/^URL scheme must be/, () => "it redirects to an address that is neither http: nor https:"],
  [/^Invalid URL$/, () => "it redirects to something that is not an address"],
  [/^bad port$/, (url) => `fetch refuses port ${url.port}, which belongs to another protocol`],
  [
    /does not match the HTTP\/1\.1 protocol/,
    (url) => `what answers on ${hostAndPort(url)} does not speak HTTP`,
  ],
  [/wrong version number|packet length too long/, () => "the server does not speak TLS: try http://"],
  [/certificate|self.signed|altname/i, (_url, message) => `its certificate is not valid: ${message}`],
];

export function explain(error: unknown, url: URL): Failure {
  if (error instanceof BodyTooLargeError || error instanceof CannotSaveError) {
    return { reason: error.message, transient: false };
  }
  const { code, message } = rootCause(error);
  const lasting = LASTING.find(([test]) => test.test(message));
  if (lasting) return { reason: lasting[1](url, firstLine(message)), transient: false };
  if (code.startsWith("Z_") || code.startsWith("ERR__ERROR_FORMAT") || code.startsWith("ERR_ZSTD")) {
    return { reason: "the body cannot be decompressed: its encoding is broken", transient: false };
  }
  const known = BY_CODE[code];
  return { reason: known ? known(url) : firstLine(message), transient: true };
}

/** The same for one of several addresses; which it was, the error tells by its host or port, if at all. */
export function explainOneOf(error: unknown, urls: readonly URL[]): string {
  const { error: cause } = rootCause(error);
  const { hostname, address, port } = (cause ?? {}) as { hostname?: string; address?: string; port?: number };
  const url =
    urls.length === 1
      ? urls[0]
      : urls.find(
          (each) =>
            (hostname !== undefined && each.hostname === hostname) ||
            (address === each.hostname && Number(each.port || DEFAULT_PORT[each.protocol]) === port),
        );
  return url === undefined ? firstLine(rootCause(error).message) : explain(error, url).reason;
}

/** 4xx and 5xx are failures; those that say "later" are worth another try. */
export function explainStatus(status: number, statusText: string): Failure | undefined {
  if (status < 400) return undefined;
  const words = printable(statusText).slice(0, 80);
  return {
    reason: `the server answered ${status}${words === "" ? "" : ` ${words}`}`,
    transient: status === 429 || status >= 500,
  };
}

/** fetch says "fetch failed" and keeps the reason in `cause`, several levels down at times. */
function rootCause(error: unknown): { error: unknown; code: string; message: string } {
  let at = error;
  for (let depth = 0; depth < 8 && at instanceof Error; depth++) {
    // Several addresses of one host were tried: they mostly failed alike.
    const next: unknown = at instanceof AggregateError && at.errors.length > 0 ? at.errors[0] : at.cause;
    if (next === undefined || next === null) break;
    at = next;
  }
  if (!(at instanceof Error)) return { error: at, code: "", message: String(at) };
  const code: unknown = Reflect.get(at, "code");
  return { error: at, code: typeof code === "string" ? code : "", message: at.message };
}

function firstLine(message: string): string {
  return printable(message.split("\n", 1)[0]!).slice(0, 200) || "it failed, and nothing was said about why";
}

function hostAndPort(url: URL): string {
  return url.port === "" ? `${url.hostname}:${DEFAULT_PORT[url.protocol]}` : url.host;
}
