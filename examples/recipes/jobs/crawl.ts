// The job of the crawl: it visits a page, and tells where that leads.
import { call, coroutine } from "cede";
import { currentJob } from "cede/executors";

export const visit = coroutine(function* visit(url: string) {
  const response = yield* call((signal) => fetch(url, { signal }));
  const html = yield* call(() => response.text());
  return {
    title: /<title>(.*?)<\/title>/.exec(html)?.[1] ?? "",
    links: [...html.matchAll(/href="(.*?)"/g)].map(([, link]) => new URL(link!, url).href),
    worker: currentJob()?.worker,
  };
});
