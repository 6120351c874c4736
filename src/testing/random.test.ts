import { expect, test } from "vitest";
import { Random } from "./random.ts";

test("the same seed gives the same numbers", () => {
  const take = (seed: number) => {
    const random = new Random(seed);
    return Array.from({ length: 20 }, () => random.next());
  };
  expect(take(7)).toEqual(take(7));
  expect(take(7)).not.toEqual(take(8));
  expect(take(0).every((n) => n >= 0 && n < 1)).toBe(true);
});

test("seeds that follow each other begin with numbers that have nothing in common", () => {
  const first = Array.from({ length: 1000 }, (_, seed) => new Random(seed).below(10));
  for (let n = 0; n < 10; n++) {
    const share = first.filter((one) => one === n).length;
    expect(share).toBeGreaterThan(60); // of 100 expected; standard deviation 9.5
    expect(share).toBeLessThan(140);
  }
});

test("below(n) gives each number below n about as often", () => {
  const random = new Random(123);
  const counts = [0, 0, 0, 0, 0, 0, 0];
  for (let i = 0; i < 7000; i++) counts[random.below(7)]!++;
  for (const count of counts) expect(Math.abs(count - 1000)).toBeLessThan(150);
  expect(random.below(1)).toBe(0);
});
