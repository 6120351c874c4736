// The jobs that are measured, for Cede as for the pool library, which gives each a single argument.
import { coroutine } from "cede";
import { transfer } from "cede/executors";
import { move } from "piscina";

export function add({ a, b }: { a: number; b: number }): number {
  return a + b;
}

export const addInCoroutine = coroutine(function* addInCoroutine({ a, b }: { a: number; b: number }) {
  return a + b;
});

export async function addAsync({ a, b }: { a: number; b: number }): Promise<number> {
  return a + b;
}

export function same(bytes: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  return bytes;
}

export function moved(bytes: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  return transfer(bytes, [bytes.buffer]);
}

export function movedByPiscina(bytes: Uint8Array<ArrayBuffer>): unknown {
  return move(bytes);
}

/** How many primes there are below a number: some tens of milliseconds of nothing but work. */
export function primesBelow(limit: number): number {
  let primes = 0;
  for (let n = 2; n < limit; n++) if (isPrime(n)) primes++;
  return primes;
}

function isPrime(n: number): boolean {
  for (let divisor = 2; divisor * divisor <= n; divisor++) if (n % divisor === 0) return false;
  return true;
}
