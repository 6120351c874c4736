// The thirteen examples in their order: what each is about, and how to run it.
//
// They retell, in TypeScript and on Cede, the examples of the article "Understanding Async/Await in Python"
// (https://github.com/ZechCodes/Blog-Posts/, folder python-async-await), and 3 to 13 print what those print.
import { EventLoop, run } from "cede";
import { VirtualClock } from "cede/testing";
import type { main as program } from "./13-the-same-on-cede.ts";

export interface Options {
  /** What to request, for an example that takes pages; if empty, those of a server of its own. */
  readonly pages: readonly string[];
  /** Whether waiting takes real time, for an example that takes a clock. */
  readonly clock: "real" | "virtual";
}

export interface Example {
  readonly title: string;
  readonly point: string;
  readonly takes: "pages" | "clock" | "nothing";
  readonly run: (options: Options) => Promise<void>;
}

export const examples: readonly Example[] = [
  {
    title: "Pages, one by one",
    point: "async/await in sequence: as slow as their sum",
    takes: "pages",
    run: async ({ pages }) => {
      const { main } = await import("./01-pages-one-by-one.ts");
      const { withPages } = await import("./support/pages.ts");
      await withPages(pages, main);
    },
  },
  {
    title: "Pages, all at once",
    point: "the same on Cede: as slow as the slowest",
    takes: "pages",
    run: async ({ pages }) => {
      const { main } = await import("./02-pages-at-once.ts");
      const { withPages } = await import("./support/pages.ts");
      await withPages(pages, (urls) => run(() => main(urls)));
    },
  },
  {
    title: "One request",
    point: "waiting is a value that is not the answer yet",
    ...plain(() => import("./03-one-request.ts")),
  },
  {
    title: "Two requests, blocking",
    point: "nobody asks the second before the first is done",
    ...plain(() => import("./04-two-requests-blocking.ts")),
  },
  {
    title: "Two requests, in turn",
    point: "taking turns is all that concurrency needs",
    ...plain(() => import("./05-two-requests-in-turn.ts")),
  },
  {
    title: "A generator",
    point: "a function that can stop half way",
    ...plain(() => import("./06-a-generator.ts")),
  },
  {
    title: "yield*",
    point: "a generator calls another and gets its result",
    ...plain(() => import("./07-yield-star.ts")),
  },
  {
    title: "Generators are iterators",
    point: "a loop walks through one as through a list",
    ...plain(() => import("./08-generators-are-iterators.ts")),
  },
  {
    title: "Two generators, in turn",
    point: "example 5 again, with room for code",
    ...plain(() => import("./09-two-generators-in-turn.ts")),
  },
  {
    title: "A coroutine",
    point: "who drives it sees every wait, however deep",
    ...plain(() => import("./10-a-coroutine.ts")),
  },
  {
    title: "On Cede",
    point: "the loop is there; any generator can be awaited",
    ...onCede(() => import("./11-on-cede.ts")),
  },
  {
    title: "An event loop",
    point: "futures, tasks, a sleep, made by hand; it spins",
    takes: "clock",
    run: async ({ clock }) => {
      const { main } = await import("./12-an-event-loop.ts");
      let time = 0;
      main(clock === "virtual" ? () => time++ : undefined);
    },
  },
  {
    title: "The same on Cede",
    point: "real sleeps, next to no CPU, one driver a task",
    ...onCede(() => import("./13-the-same-on-cede.ts")),
  },
];

function plain(load: () => Promise<{ main: () => void }>): Pick<Example, "takes" | "run"> {
  return { takes: "nothing", run: async () => (await load()).main() };
}

function onCede(load: () => Promise<{ main: typeof program }>): Pick<Example, "takes" | "run"> {
  return {
    takes: "clock",
    run: async ({ clock }) => {
      const { main } = await load();
      if (clock === "virtual") await EventLoop.run(main, { host: new VirtualClock() });
      else await run(main);
    },
  };
}
