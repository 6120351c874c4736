import { printable } from "../render/text.ts";

export interface Labels {
  /** What all addresses begin with, when they do: said once, above. */
  readonly origin: string | undefined;
  /** A short name for each address, in printable ASCII. */
  readonly names: readonly string[];
}

/** Names for rows: the path when every page is of one server, else host and path. */
export function labels(urls: readonly string[]): Labels {
  const parsed = urls.map((url) => (URL.canParse(url) ? new URL(url) : undefined));
  const first = parsed[0]?.origin;
  const common = urls.length > 1 && first !== "null" && parsed.every((url) => url?.origin === first);
  return {
    origin: common ? first : undefined,
    names: parsed.map((url, index) => {
      if (url === undefined || !/^https?:$/.test(url.protocol)) return printable(urls[index]!) || '""';
      const path = `${url.pathname}${url.search}`;
      return printable(common ? path : `${url.host}${path === "/" ? "" : path}`);
    }),
  };
}
