/** A program that ends its threads again and again as soon as one of them is there, while others still read their own code. */
import { run } from "cede";
import { onThreads } from "../on-threads.ts";

for (let n = 0; n < 10; n++) await run(() => onThreads("./jobs.ts", { workers: 4 }));
console.log("ended");
