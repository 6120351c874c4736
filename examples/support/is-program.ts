// So that every example can be imported, and still runs when it is the program that was started. Newer
// runtimes answer that with `import.meta.main`; for Node 22 the two file names are compared, without their
// symbolic links. Imports nothing, so that the examples load in a browser too.
//
// A program whose output nobody reads any more (`| head`) ends, without a word.

export function isProgram(module: ImportMeta): boolean {
  const started = isStarted(module);
  if (started)
    (globalThis as { process?: NodeJS.Process }).process?.stdout.once("error", () => process.exit());
  return started;
}

function isStarted(module: ImportMeta): boolean {
  const main: boolean | undefined = module.main;
  if (main !== undefined) return main;
  const { process } = globalThis as { process?: NodeJS.Process };
  const started = process?.argv[1];
  if (process === undefined || started === undefined) return false;
  const { existsSync, realpathSync } = process.getBuiltinModule("node:fs");
  return existsSync(started) && realpathSync(started) === module.filename;
}
