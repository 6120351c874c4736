// Nothing but the timer of another thread keeps this process running while the module is loaded.
await new Promise((resolve) => setTimeout(resolve, 300));
export const add = (a: number, b: number): number => a + b;
export const exit = (code: number): never => process.exit(code);
export const chatter = (lines: number): void => {
  for (let line = 1; line <= lines; line++) console.log(`line ${line}`);
};
