import { printable } from "../render/text.ts";

/** An address that can be requested, or why it cannot. */
export type Target = { readonly url: URL } | { readonly reason: string };

export function parseTarget(text: string): Target {
  if (!URL.canParse(text)) {
    return URL.canParse(`https://${text}`) && /^[\w.-]+(?::\d+)?(?:[/?#]|$)/.test(text)
      ? { reason: `not an address: it lacks a scheme, as in https://${printable(text)}` }
      : { reason: "not an address: it cannot be read as a URL" };
  }
  const url = new URL(text);
  if (url.protocol !== "http:" && url.protocol !== "https:") {
    // "localhost:3000/x" is, by the book, an address with the scheme "localhost:".
    return /^[\w.-]+:\d+(?:[/?#]|$)/.test(text)
      ? { reason: `not an address: it lacks a scheme, as in http://${printable(text)}` }
      : { reason: `the scheme ${printable(url.protocol)} cannot be requested, only http: and https: can` };
  }
  if (url.username !== "" || url.password !== "") {
    return { reason: "an address with a user name or a password in it cannot be requested" };
  }
  return { url };
}
