// Imported for its effect: what Node has read once, for this process's children, it does not compile again. Every process and
// thread of a check reads the whole source, and strips its types with WebAssembly. That costs half of their start; and where
// many threads of one process do it, V8 ends that now and then ("Check failed: jit_page.has_value()").
import { join } from "node:path";

process.env["NODE_COMPILE_CACHE"] ??= join(import.meta.dirname, "../node_modules/.cache/node");
