import { expect, test } from "vitest";
import { runtimeOf } from "./trace-file.ts";

test.each([
  ["node 24.1.0", { process: { versions: { node: "24.1.0" } }, navigator: { userAgent: "Node.js/24" } }],
  // Both say that they are Node, too.
  ["bun 1.2.3", { process: { versions: { node: "24.3.0", bun: "1.2.3" } } }],
  ["deno 2.4.1", { Deno: { version: { deno: "2.4.1" } }, process: { versions: { node: "24.2.0" } } }],
  ["Mozilla/5.0 (X11) Firefox/140.0", { navigator: { userAgent: "Mozilla/5.0 (X11) Firefox/140.0" } }],
  ["unknown", { process: {} }],
])("a trace says that it was made on %s", (runtime, platform) => {
  expect(runtimeOf(platform)).toBe(runtime);
});
