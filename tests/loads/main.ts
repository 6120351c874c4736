// What may be done a million times, without anything being left of it.
//
//   npm run test:loads                    a million of each kind
//   npm run test:loads -- --times 100000  as the check does
await import("./timeouts.ts");
await import("./channels.ts");
await import("./streams.ts");
await import("./restarts.ts");
