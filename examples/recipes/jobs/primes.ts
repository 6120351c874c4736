// A job that only works: it never waits for anything. A plain function is enough.

export function primesBelow(limit: number, from = 2): number {
  let primes = 0;
  for (let n = from; n < limit; n += 1) if (isPrime(n)) primes += 1;
  return primes;
}

function isPrime(n: number): boolean {
  for (let divisor = 2; divisor * divisor <= n; divisor += 1) if (n % divisor === 0) return false;
  return true;
}
