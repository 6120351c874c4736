import { expect, test } from "vitest";
import { describeTerminal } from "../../src/cli/render/terminal.ts";
import { address, clip, printable, shorten, wrap } from "../../src/cli/render/text.ts";
import { count, duration, plural, size, UNIT_WIDTH } from "../../src/cli/render/units.ts";
import { axis, bar } from "../../src/cli/render/waterfall.ts";

test("text from outside cannot steer the terminal", () => {
  expect(printable("a\u001b[2Jb\r\n\u009b1m")).toBe("a\\x1b[2Jb\\x0d\\x0a\\x9b1m");
  expect(printable("日本 \u202e 🙂")).toBe("\\u{65e5}\\u{672c} \\u{202e} \\u{1f642}");
  expect(printable("e\u0301 \u061c \u00a0 \uff41 שלום")).toBe(
    "e\\u{301} \\u{61c} \\xa0 \\u{ff41} \\u{5e9}\\u{5dc}\\u{5d5}\\u{5dd}",
  );
  expect(printable("/plain?a=b#c")).toBe("/plain?a=b#c");
});

test("letters of one column stay as they are, in addresses as they are requested", () => {
  const name = "schön, Łódź, плёнка, ελληνικά, հայ, ქართ";
  expect(printable(name)).toBe(name);
  expect(address("http://bücher.example/schön?q=плёнка")).toBe(
    "http://xn--bcher-kva.example/sch%C3%B6n?q=%D0%BF%D0%BB%D1%91%D0%BD%D0%BA%D0%B0",
  );
  expect(address("")).toBe('""');
  expect(address("http://a.example")).toBe("http://a.example");
  expect(address("no address: ö\u202e")).toBe("no address: ö\\u{202e}");
});

test("addresses are cut in the middle, sentences at the end or at a space", () => {
  expect(shorten("/a/long/way/to/page.html", 12)).toBe("/a/l…ge.html");
  expect(shorten("/short", 12)).toBe("/short");
  expect([shorten("/short", 1), shorten("/short", 0)]).toEqual(["…", ""]);
  expect(clip("a sentence", 6)).toBe("a sen…");
  expect(wrap("one two three-and-more four", 9)).toEqual(["one two", "three-an…", "four"]);
});

test("numbers keep to their column", () => {
  const times = [0, 0.4, 999.4, 999.6, 1234, 9_994, 9_996, 59_900, 99_960, 125_000, 720_000, 9_000_000, 1e9];
  expect(times.map(duration)).toEqual([
    "0 ms",
    "0 ms",
    "999 ms",
    "1.00 s",
    "1.23 s",
    "9.99 s",
    "10.0 s",
    "59.9 s",
    "1.7 min",
    "2.1 min",
    "12 min",
    "2.5 h",
    "278 h",
  ]);
  const sizes = [0, 999, 1000, 14_249, 99_940, 99_960, 999_499, 999_500, 1.5e6, 2e9, 3e12];
  expect(sizes.map(size)).toEqual([
    "0 B",
    "999 B",
    "1.0 kB",
    "14.2 kB",
    "99.9 kB",
    "100 kB",
    "999 kB",
    "1.0 MB",
    "1.5 MB",
    "2.0 GB",
    "3.0 TB",
  ]);
  for (const text of [...times.map(duration), ...sizes.map(size)])
    expect(text.length).toBeLessThanOrEqual(UNIT_WIDTH);
  expect([plural(1, "page"), plural(2000, "page"), count(1_234_567)]).toEqual([
    "1 page",
    "2,000 pages",
    "1,234,567",
  ]);
});

test("a bar stands where its time is, to half a column", () => {
  expect(bar(0, 100, 100, 10)).toBe("━━━━━━━━━━");
  expect(bar(50, 50, 100, 10)).toBe("     ━━━━━");
  expect(bar(25, 50, 100, 10)).toBe("  ╺━━━━╸");
  expect(bar(0, 0, 100, 10)).toBe("╸");
  expect(bar(100, 0, 100, 10)).toBe("         ╺");
  expect(bar(45, 5, 100, 10)).toBe("    ╺");
  expect(bar(20, 500, 100, 10, "┄")).toBe("  ┄┄┄┄┄┄┄┄");
  expect(bar(0, 0, 0, 10)).toBe("╸");
  expect(bar(0, 10, 100, 0)).toBe("");
  for (let start = 0; start <= 100; start++) {
    for (let ms = 0; ms <= 110 - start; ms++) {
      const text = bar(start, ms, 100, 9);
      expect(text.length).toBeLessThanOrEqual(9);
      expect(text.trim()).toMatch(/^╺?━*╸?$/);
      expect(text.trim()).not.toBe("");
    }
  }
});

test("the axis names round times, and the end when none fits", () => {
  expect(axis(1000, 50)).toBe("0         200 ms    400 ms    600 ms    800 ms");
  expect(axis(1020, 40)).toBe("0         250 ms    500 ms   750 ms");
  expect(axis(12_000, 44)).toBe("0        2.5 s    5 s       7.5 s    10 s");
  expect(axis(1195, 12)).toBe("0     1.20 s");
  expect(axis(1000, 5)).toBe("");
  expect(axis(0, 20)).toBe("0               0 ms");
});

test("a terminal is animated and coloured; a pipe is neither; NO_COLOR is kept", () => {
  const tty = { isTTY: true, columns: 100, rows: 30 };
  const pipe = {} as typeof tty;
  expect(describeTerminal(tty, {})).toEqual({ animated: true, colour: true, width: 100, height: 30 });
  expect(describeTerminal(pipe, {})).toEqual({ animated: false, colour: false, width: 80, height: 24 });
  expect(describeTerminal(tty, { NO_COLOR: "1" })).toMatchObject({ animated: true, colour: false });
  expect(describeTerminal(tty, { NO_COLOR: "" })).toMatchObject({ colour: true });
  expect(describeTerminal(tty, { NO_COLOR: "1", FORCE_COLOR: "1" })).toMatchObject({ colour: false });
  expect(describeTerminal(pipe, { FORCE_COLOR: "1" })).toMatchObject({ animated: false, colour: true });
  expect(describeTerminal(tty, { FORCE_COLOR: "0" })).toMatchObject({ animated: true, colour: false });
  expect(describeTerminal(tty, { TERM: "dumb" })).toMatchObject({ animated: false, colour: false });
  expect(describeTerminal({ isTTY: true, columns: 0, rows: 0 }, {})).toMatchObject({ width: 80, height: 24 });
});
