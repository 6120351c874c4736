async function depth(n) {
  return n === 0 ? 0 : 1 + (await depth(n - 1));
}

const result = await depth(100_000).catch((error) => error.name);
console.log(`result: ${result}`);
