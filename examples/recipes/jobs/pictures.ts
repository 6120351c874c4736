// The jobs of the picture pipeline. A picture is its pixels, three bytes each: red, green, blue.
import { coroutine, type Sender } from "cede";
import { currentJob, transfer } from "cede/executors";

export interface Picture {
  readonly name: string;
  readonly width: number;
  readonly height: number;
  readonly pixels: Uint8Array<ArrayBuffer>;
}

/**
 * Paints pictures, and sends each as soon as it is done. It is a coroutine since it waits: where the channel has no room left,
 * `send` waits until there is some, wherever this runs.
 */
export const paint = coroutine(function* paint(
  count: number,
  width: number,
  height: number,
  pictures: Sender<Picture>,
) {
  for (let number = 1; number <= count; number += 1) {
    yield* pictures.send(stripes(number, width, height));
    currentJob()?.progress(number);
  }
  pictures.close();
});

/** Makes a picture smaller by a whole number: each pixel is the mean of a square of them. It only works. */
export function shrink({ name, width, height, pixels }: Picture, by: number): Picture {
  const small = new Uint8Array((width / by) * (height / by) * 3);
  let at = 0;
  for (let top = 0; top < height; top += by) {
    for (let left = 0; left < width; left += by) {
      for (let colour = 0; colour < 3; colour += 1) {
        let sum = 0;
        for (let y = top; y < top + by; y += 1) {
          for (let x = left; x < left + by; x += 1) sum += pixels[(y * width + x) * 3 + colour]!;
        }
        small[at++] = sum / (by * by);
      }
    }
    currentJob()?.progress((top + by) / height);
  }
  // Moved to whoever called, not copied: nobody here needs it any more.
  return transfer({ name, width: width / by, height: height / by, pixels: small }, [small.buffer]);
}

function stripes(number: number, width: number, height: number): Picture {
  const pixels = new Uint8Array(width * height * 3);
  for (let y = 0; y < height; y += 1) {
    for (let x = 0; x < width; x += 1) {
      pixels.set([x & 255, (y * number) & 127, number * 20], (y * width + x) * 3);
    }
  }
  return { name: `picture-${number}`, width, height, pixels };
}
