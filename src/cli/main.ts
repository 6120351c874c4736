#!/usr/bin/env node
import { enableCompileCache } from "node:module";

// What was compiled once is kept for the next time: most of a start is compiling.
enableCompileCache();
const { main } = await import("./program.ts");
await main();
