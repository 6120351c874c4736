// Bun does not tell a test what it is called: its tests are counted as they run, and told apart by their number.
import type { Outcome } from "./runner.ts";

/** To be loaded before: the test that runs, as `runningTest` of `cede/testing` asks for it. */
export const COUNTING = `
import { beforeEach } from "bun:test";
let tests = 0;
beforeEach(() => void tests++);
globalThis[Symbol.for("cede.test")] = () => ({ id: String(tests) });
`;

const TAG =
  /<testsuite name="(?<suite>[^"]*)"|<(?<end>\/testsuite)>|<testcase name="(?<test>[^"]*)"[^>]*?(?:\/>|>(?<inside>[^]*?)<\/testcase>)/g;

/** Of a report in the form of JUnit, what was not skipped, in the order in which it ran. */
export function outcomesInXml(xml: string): Outcome[] {
  const tests: Outcome[] = [];
  const suites: string[] = [];
  for (const { groups } of xml.matchAll(TAG)) {
    const { suite, end, test, inside = "" } = groups as Record<string, string | undefined>;
    if (suite !== undefined) suites.push(plain(suite));
    else if (end !== undefined) suites.pop();
    else if (!inside.includes("<skipped")) {
      const failure = /<failure\b(?:[^>]*? message="(?<short>[^"]*)")?[^>]*?(?:\/>|>(?<text>[^<]*))/.exec(
        inside,
      )?.groups;
      tests.push({
        name: [...suites.slice(1), plain(test!)].join(" > "), // the first is the file
        ids: [String(tests.length + 1)],
        failed: failure !== undefined,
        message: plain(failure?.["text"] || failure?.["short"] || ""),
      });
    }
  }
  return tests;
}

const ENTITIES: Readonly<Record<string, string>> = { lt: "<", gt: ">", quot: '"', apos: "'", amp: "&" };

function plain(text: string): string {
  return text.replaceAll(/&(?:#(\d+)|(\w+));/g, (whole, code?: string, name?: string) =>
    code === undefined ? (ENTITIES[name!] ?? whole) : String.fromCodePoint(Number(code)),
  );
}
