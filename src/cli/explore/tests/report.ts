// The report that Jest writes, and Vitest in the same form.
import { readFileSync, realpathSync } from "node:fs";
import { IDS } from "../../../testing/explored-test/test-name.ts";
import type { Outcomes } from "./runner.ts";

/** The form that Jest has given it, and Vitest has taken over. */
interface Report {
  readonly testResults: readonly {
    readonly name: string;
    readonly status: string;
    readonly message?: string;
    readonly assertionResults: readonly {
      readonly ancestorTitles: readonly string[];
      readonly title: string;
      readonly status: string;
      readonly failureMessages?: readonly string[] | null;
      readonly location?: { readonly line: number } | null;
      readonly meta?: { readonly [IDS]?: readonly string[] };
    }[];
  }[];
}

/** Of the file at `path`: Vitest runs all of those whose paths contain it. */
export function outcomesOf(report: string, path: string): Outcomes | undefined {
  const text = textOf(report);
  if (text === undefined) return undefined;
  const { testResults } = JSON.parse(text) as Report;
  const isOwn = ({ name }: { readonly name: string }): boolean => real(name) === real(path);
  const own = testResults.filter(isOwn);
  const tests = own.flatMap(({ assertionResults }) =>
    assertionResults
      .filter(({ status }) => status === "passed" || status === "failed")
      .map(({ ancestorTitles, title, status, failureMessages, location, meta }) => ({
        name: [...ancestorTitles, title].filter((part) => part !== "").join(" > "),
        failed: status === "failed",
        message: failureMessages?.join("\n") ?? "",
        ...(location && { line: location.line }),
        ...(meta?.[IDS] && { ids: meta[IDS] }),
      })),
  );
  const problems = own
    .filter(({ assertionResults }) => assertionResults.length === 0)
    .flatMap(({ message = "" }) => (message === "" ? [] : [message]));
  const excused = testResults.some(
    (file) => file.status === "failed" && (!isOwn(file) || file.message?.startsWith(OBSOLETE)),
  );
  return { tests, problems, excused };
}

/** What Vitest minds only where it may write no snapshots. */
const OBSOLETE = "Obsolete snapshots found";

export function real(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return path;
  }
}

export function textOf(file: string): string | undefined {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return undefined;
  }
}
