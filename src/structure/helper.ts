/**
 * What a plain helper defers belongs to its caller: to the frame that runs it. Debug mode says so, once for each place.
 * The stack tells: between `defer` and the loop there is the frame's own function alone, unless a helper was called.
 */
import { callSites, isBuiltIn, type CallSite } from "../kernel/call-sites.ts";
import { functionOf } from "../kernel/coroutine.ts";
import { current, type LoopPort, type Runner } from "../kernel/current.ts";
import { OPEN, type Stack } from "../kernel/frame.ts";
import { placeFor } from "../kernel/place.ts";
import { report } from "../kernel/report.ts";
import { ownerOf } from "../kernel/stack.ts";
import { frameInWords } from "../kernel/unwind.ts";

const told = new WeakMap<LoopPort, Set<string>>();

/** `verb`: what the function that called the library does there. */
export function tellOfHelper(verb: "defers" | "uses", task: Runner): void {
  if (!current.debug || !task.root.debug) return;
  const { top } = task as Stack;
  const helper = helperIn(callSites(), top!.state === OPEN ? functionOf(top!.source) : undefined);
  const place = placeFor(task)?.known;
  if (helper === null || place === undefined) return;
  let places = told.get(task.loop);
  if (places === undefined) told.set(task.loop, (places = new Set()));
  if (places.has(place)) return;
  places.add(place);
  const { name, kind } = helper;
  report(
    task,
    "released-by-caller",
    `What ${name} ${verb} at ${place} is released when ${frameInWords(top!, task)} is left: ${name} ` +
      `is a plain ${kind}, a part of whoever calls it. Where that is too late, make it a coroutine.`,
  );
}

/** `marked`: the frame's own function, if that is known. */
function helperIn(
  sites: readonly CallSite[],
  marked: object | undefined,
): { name: string; kind: string } | null {
  if (ownerOf(sites[0]?.getFileName() ?? "") !== "library") return null; // bundled with the program: nothing can be told
  const first = sites.findIndex((site) => ownerOfSite(site) === "program");
  const caller = sites[first];
  const name = caller?.getFunctionName();
  // What has no name is a callback, of `forEach` say, and nearly always a part of what is around it.
  if (caller?.getEnclosingLineNumber === undefined || !name) return null;
  let own = caller;
  for (let i = first + 1; i < sites.length; i++) {
    const owner = ownerOfSite(sites[i]!);
    if (owner === "program") own = sites[i]!;
    else if (owner !== "platform") break;
  }
  if (own === caller || isWithin(caller, own, marked)) return null;
  return { name, kind: isBuiltIn(sites[first + 1], "next") ? "generator" : "function" };
}

function ownerOfSite(site: CallSite): ReturnType<typeof ownerOf> {
  const file = site.getFileName();
  return file === null ? "platform" : ownerOf(file);
}

/**
 * Whether a function begins inside another one: then its author sees both. Where it is not known how long that one is,
 * whatever comes behind it in the file may be a part of it.
 */
function isWithin(inner: CallSite, outer: CallSite, marked: object | undefined): boolean {
  if (inner.getFileName() !== outer.getFileName()) return false;
  const [line, column] = beginOf(inner);
  const [outerLine, outerColumn] = beginOf(outer);
  if (line < outerLine || (line === outerLine && column < outerColumn)) return false;
  if (marked === undefined) return true;
  const lines = String(marked).split("\n");
  const last = lines.at(-1)!.length + (lines.length === 1 ? outerColumn : 0);
  const lastLine = outerLine + lines.length - 1;
  return line < lastLine || (line === lastLine && column <= last);
}

function beginOf(site: CallSite): [line: number, column: number] {
  return [site.getEnclosingLineNumber!()!, site.getEnclosingColumnNumber!()!];
}
