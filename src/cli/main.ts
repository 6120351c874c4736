#!/usr/bin/env node
import module from "node:module";

const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
if (major < 22 || (major === 22 && minor < 12)) {
  console.error(`cede needs Node 22.12 or later; this is v${process.versions.node}.`);
  process.exit(2);
}

// What was compiled once is kept for the next time: most of a start is compiling.
module.enableCompileCache?.();
const { main } = await import("./program.ts");
await main();
