// A pipeline of pictures, on threads
//
// The point: one job paints pictures and streams them here, others make them smaller, two at a time. Whoever is faster waits: no
// more than a few pictures are ever in memory. Pixels are moved from thread to thread, not copied.
//
//   node picture-pipeline.ts [FOLDER]     writes them there, in the format PPM
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { call, Channel, coroutine, run, taskGroup } from "cede";
import { threads, type Jobs } from "cede/executors";
import { iterate, stream } from "cede/streams";
import { isProgram } from "../support/is-program.ts";

type Module = typeof import("./jobs/pictures.ts");
type Picture = import("./jobs/pictures.ts").Picture;

const PICTURES = 12;
const AHEAD = 2;

export const main = coroutine(function* main(folder?: string) {
  const jobs = yield* threads<Module>(new URL("./jobs/pictures.ts", import.meta.url), { workers: 2 });
  const painted = new Channel<Picture>(AHEAD, { name: "painted" });
  let done = 0;
  let furthest = 0;

  yield* taskGroup(function* (group) {
    const onProgress = (count: unknown): void => void (furthest = Math.max(furthest, Number(count) - done));
    group.createTask(jobs.paint.with({ onProgress })(PICTURES, 512, 384, painted.sender()));

    const pictures = yield* iterate(
      stream(painted).map((picture) => shrunk(jobs, picture), { concurrency: 2 }),
    );
    while (yield* pictures.next()) {
      const { name, width, height, pixels } = pictures.value;
      done += 1;
      console.log(`${name}: ${width} x ${height}, mean colour ${meanColour(pixels)}`);
      if (folder !== undefined) yield* write(folder, pictures.value);
    }
  });
  console.log(`${done} pictures; was painting ever far ahead? ${furthest > AHEAD + 4 ? "Yes" : "No"}.`);
});

const shrunk = coroutine(function* shrunk(jobs: Jobs<Module>, picture: Picture) {
  let part: unknown = 0;
  const small = yield* jobs.shrink.with({
    transfer: [picture.pixels.buffer],
    timeout: 10_000,
    onProgress: (value) => (part = value),
  })(picture, 4);
  if (part !== 1) throw new Error(`The last progress of ${picture.name} was not heard, but ${String(part)}.`);
  return small;
});

const write = coroutine(function* write(folder: string, { name, width, height, pixels }: Picture) {
  yield* call(() => mkdir(folder, { recursive: true }));
  const head = new TextEncoder().encode(`P6 ${width} ${height} 255\n`);
  yield* call((signal) => writeFile(join(folder, `${name}.ppm`), Buffer.concat([head, pixels]), { signal }));
});

function meanColour(pixels: Uint8Array): string {
  const sums = [0, 0, 0];
  pixels.forEach((value, at) => (sums[at % 3]! += value));
  return `#${sums
    .map((sum) =>
      Math.round((sum * 3) / pixels.length)
        .toString(16)
        .padStart(2, "0"),
    )
    .join("")}`;
}

if (isProgram(import.meta)) await run(() => main(process.argv[2]));
