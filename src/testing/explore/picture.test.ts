import { Future, sleep, taskGroup, type Awaitable } from "cede";
import { explore, watch, type ExploreFailure } from "cede/testing";
import { expect, test } from "vitest";
import { picture } from "./picture.ts";
import { lostUpdates } from "./picture/lost-updates.ts";
import type { Touch } from "./picture/story.ts";
import { cut, escaped, LETTER, widthOf, wrapped } from "./picture/svg.ts";

async function failureOf(program: () => Awaitable<unknown>): Promise<ExploreFailure> {
  const { failure } = await explore(program, { throws: false, budget: { schedules: 200 } });
  expect(failure).toBeDefined();
  return failure!;
}

function* deposits(): Awaitable<void> {
  const account = watch({ balance: 100 }, "account");
  yield* taskGroup(function* (group) {
    for (const amount of [10, 20]) {
      group.createTask(function* deposit() {
        const { balance } = account;
        yield* sleep(10);
        account.balance = balance + amount;
      });
    }
  });
  if (account.balance !== 130) throw new Error(`It is <${account.balance}> & not "130".`);
}

/** Each of `tasks` tasks goes on `rounds` times; the last one then fails. */
function crowd(tasks: number, rounds: number): () => Awaitable<void> {
  return function* () {
    const sum = watch({ "the total of them all": 0 }, "sum");
    const property = "the total of them all";
    yield* taskGroup(function* (group) {
      for (let task = 0; task < tasks; task++) {
        group.createTask(
          function* () {
            for (let round = 0; round < rounds; round++) {
              const before = sum[property];
              yield* sleep(((task * 7) % 5) + 1);
              sum[property] = before + 1;
            }
          },
          { name: `worker-with-a-rather-long-name-${task}` },
        );
      }
    });
    throw new Error("It fails in any case, and takes its time to say so. ".repeat(5));
  };
}

interface Text {
  readonly x: number;
  readonly y: number;
  readonly text: string;
}

/** The texts that stand upright, and whether every element is closed. */
function read(svg: string): { texts: Text[]; width: number; height: number } {
  const open: string[] = [];
  for (const [, closing, tag, alone] of svg.matchAll(/<(\/?)(\w+)(?:\s[\w:-]+="[^"<>]*")*(\/?)>/g)) {
    if (closing) expect(open.pop()).toBe(tag);
    else if (!alone) open.push(tag!);
  }
  expect(open).toEqual([]);
  const texts = [...svg.matchAll(/<text ([^>]*)>(.*?)<\/text>/g)].flatMap(([, attributes, inner]) => {
    const of = (name: string): number => Number(new RegExp(`\\b${name}="([-\\d.]+)"`).exec(attributes!)![1]);
    const text = inner!.replaceAll(/<[^>]*>/g, "").replaceAll(/&\w+;/g, "&");
    return attributes!.includes("rotate") ? [] : [{ x: of("x"), y: of("y"), text }];
  });
  const size = (name: string): number =>
    Number(new RegExp(`^<svg [^>]*\\b${name}="([\\d.]+)"`).exec(svg)![1]);
  return { texts, width: size("width"), height: size("height") };
}

function overlaps(a: Text, b: Text): boolean {
  const end = ({ x, text }: Text): number => x + widthOf(text) * LETTER;
  return Math.abs(a.y - b.y) < 13 && a.x < end(b) && b.x < end(a);
}

test("a lost update is told at its read, at what is lost, and at the write", async () => {
  const { texts } = read(picture(await failureOf(deposits)));
  const told = texts.map(({ text }) => text);
  expect(told).toEqual(
    expect.arrayContaining([
      "account.balance is 100",
      "account.balance = 110 (lost)",
      "account.balance = 120",
      "read 100 in step 3: overwrites",
      "110 of step 4",
    ]),
  );
  expect(told).toContain("Error: It is &120& & not &130&.");
});

test("a picture carries its title and its steps in words, and needs nothing from elsewhere", async () => {
  const svg = picture(await failureOf(deposits));
  expect(svg).toMatch(/^<svg xmlns="http:\/\/www.w3.org\/2000\/svg" /);
  expect(svg).toMatch(
    /role="img" aria-labelledby="(\S+) (\S+)"><title id="\1">Error: It is &lt;120&gt; &amp; not/,
  );
  expect(svg).toContain("1 lost update\n1 main#1: creates deposit#2, creates deposit#3, waits for");
  expect(svg).toContain("prefers-color-scheme:dark");
  expect(svg).not.toMatch(/https?:(?!\/\/www\.w3\.org\/2000\/svg")|url\(|<script|@import/);
});

test.each([
  [1, 1],
  [2, 2],
  [3, 40],
  [4, 3],
  [5, 3],
  [12, 4],
  [30, 6],
])("%i tasks of %i rounds: no text lies on another, and none is cut off", async (tasks, rounds) => {
  const failure = await failureOf(crowd(tasks, rounds));
  const { texts, width, height } = read(picture(failure));
  for (const text of texts) {
    const within = text.x + widthOf(text.text) * LETTER <= width && text.y < height;
    const covered = texts.find((other) => other !== text && overlaps(text, other));
    expect({ text, within, covered }).toEqual({ text, within: true });
  }
  // A long one is elided, and says so.
  expect(texts.some(({ text }) => /^… \d+ steps? …$/.test(text))).toBe(failure.steps.length > 60);
});

test("a deadlock is told between the steps, once", async () => {
  const svg = picture(
    await failureOf(function* () {
      yield* taskGroup(function* (group) {
        for (const name of ["a", "b"]) group.createTask(() => new Future<void>(name));
      });
    }),
  );
  expect(read(svg).texts.filter(({ text }) => text.startsWith("deadlock:"))).toHaveLength(1);
});

test("a step out of turn has a shape of its own, and a mark", async () => {
  const failure = await failureOf(deposits);
  const steps = failure.steps.map((step) => ({ ...step, outOfTurn: step.number === 3 }));
  const svg = picture({ ...failure, steps });
  expect(read(svg).texts.map(({ text }) => text)).toContain("3 &");
  const corners = (step: number): number =>
    new RegExp(`<polygon points="([^"]*)"[^>]*><title>step ${step}:`).exec(svg)![1]!.split(" ").length;
  expect([1, 2, 3, 4].map(corners)).toEqual([4, 4, 7, 4]);
});

test("who has not ended at the end is named, with what it waits for", async () => {
  const { steps, trace, ...failure } = await failureOf(deposits);
  const until = trace.findIndex((event) => event.type === "step" && event.step === 4);
  const svg = picture({ ...failure, steps: steps.slice(0, 3), trace: trace.slice(0, until) });
  expect(svg).toContain("deposit#2 is still ready");
  expect(svg).toContain("main#1 still waits for group");
});

test("a failure before any step is a picture, too", async () => {
  const failure = await failureOf(deposits);
  const { texts } = read(picture({ ...failure, steps: [], trace: [] }));
  expect(texts.map(({ text }) => text)).toContain("0 steps of 0 tasks");
});

const touch = (lane: number, access: "read" | "write", value: number, name = "x"): Touch => ({
  lane,
  access,
  name,
  value: `${value}`,
  step: 0,
  word: 0,
});

test.each<[string, Touch[], number]>([
  ["read, written by another, written", [touch(1, "read", 0), touch(2, "write", 1), touch(1, "write", 1)], 1],
  ["written without a read", [touch(2, "write", 1), touch(1, "write", 1)], 0],
  ["read anew", [touch(1, "read", 0), touch(2, "write", 1), touch(1, "read", 1), touch(1, "write", 2)], 0],
  ["another value", [touch(1, "read", 0), touch(2, "write", 1, "y"), touch(1, "write", 1)], 0],
  [
    "written itself since",
    [touch(1, "read", 0), touch(1, "write", 1), touch(2, "write", 2), touch(1, "write", 3)],
    0,
  ],
  [
    "the other one wrote twice",
    [touch(1, "read", 0), touch(2, "write", 1), touch(2, "write", 2), touch(1, "write", 1)],
    1,
  ],
  ["nobody else", [touch(1, "read", 0), touch(1, "write", 1)], 0],
])("lost updates: %s", (_what, touches, count) => {
  const found = lostUpdates(touches);
  expect(found).toHaveLength(count);
  if (count > 0) expect(found[0]).toEqual({ read: touches[0], lost: touches.at(-2), write: touches.at(-1) });
});

test("text is made fit for XML and for its place", () => {
  expect(escaped('<a & "b">\0\x1b\ud800\u{1f600}')).toBe(
    "&lt;a &amp; &quot;b&quot;&gt;\ufffd\ufffd\ufffd\u{1f600}",
  );
  expect(cut("日本語", 5)).toBe("日本…");
  expect(cut("four", 4)).toBe("four");
  expect(wrapped("one two three", 7)).toEqual(["one two", "three"]);
  expect(wrapped("unbreakable", 6)).toEqual(["unbre…"]);
});
