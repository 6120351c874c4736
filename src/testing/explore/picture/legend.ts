/** What the marks of a picture mean. */
import type { Layout } from "./layout.ts";
import { element, LETTER } from "./svg.ts";

export function legend(
  { width, bottom }: Layout,
  lost: boolean,
  outOfTurn: boolean,
): { parts: string[]; bottom: number } {
  let x = 16;
  let y = bottom + 14;
  const parts: string[] = [element("path", { d: `M16 ${bottom}H${width - 16}`, class: "line-line" })];
  const entry = (text: string, mark: (x: number, y: number) => string): void => {
    const wide = 28 + (text.length + 3) * LETTER;
    if (x + wide > width && x > 16) {
      x = 16;
      y += 20;
    }
    parts.push(mark(x + 10, y), element("text", { x: x + 26, y: y + 4, class: "quiet" }, text));
    x += wide;
  };
  const path = (name: string, thick: number, dashes?: string) => (at: number, middle: number) =>
    element("path", {
      d: `M${at} ${middle - 8}v16`,
      class: `${name}-line`,
      "stroke-width": thick,
      "stroke-dasharray": dashes,
    });
  y += 6;
  entry("runs", path("run", 12));
  entry("waits", path("line", 1.5));
  entry("is ready", path("ready", 4, "2 4"));
  if (outOfTurn) {
    entry("runs out of turn", (at, middle) =>
      element("polygon", {
        points: `${at - 4},${middle - 8} ${at + 8},${middle - 8} ${at + 8},${middle + 8} ${at - 4},${middle + 8} ${at - 4},${middle + 6} ${at - 12},${middle} ${at - 4},${middle - 6}`,
        class: "run",
      }),
    );
  }
  if (lost) entry("writes by what it read, and does not know of the write since", path("bad", 2, "5 3"));
  return { parts, bottom: y + 14 };
}
