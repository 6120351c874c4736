import { defineConfig } from "vitest/config";
import manifest from "./package.json" with { type: "json" };
import "./scripts/compile-cache.ts";

const SOURCE = "--conditions=@cede/source";

// `import … from "cede"` means the source, for tests as for everything else in a clone. Vite does not
// resolve a package's own name, so the map of exports is told to it.
const alias = Object.entries(manifest.exports).flatMap(([subpath, target]) =>
  typeof target === "string"
    ? []
    : [
        {
          find: new RegExp(`^cede${subpath.slice(1)}$`),
          replacement: `${import.meta.dirname}/${target["@cede/source"]}`,
        },
      ],
);

export default defineConfig({
  resolve: { alias },
  test: {
    // For what Node resolves itself: in the tests' own process, and in those that tests start. Without
    // it a child would run whatever dist/ happens to hold.
    execArgv: [SOURCE],
    env: { NODE_OPTIONS: `${process.env["NODE_OPTIONS"] ?? ""} ${SOURCE}`.trim() },
    // What a test printed is shown where it failed; of the others it would hide the one that did.
    silent: "passed-only",
    // A test that hangs fails; one on a machine that is busy with something else is only late.
    testTimeout: 30_000,
    expect: { poll: { timeout: 20_000 } },
    reporters: [["default", { summary: false }], "./scripts/closing-line-reporter.ts"],
    coverage: { provider: "v8", include: ["src/**"], exclude: ["**/*.test.ts", "**/*.test-d.ts"] },
    projects: [
      {
        extends: true,
        test: {
          name: "unit",
          include: ["{src,tests}/**/*.test.ts"],
          exclude: ["**/node_modules/**", "tests/cluster/**"],
        },
      },
      // Worker processes and a Redis of their own: slower than all others, and by the real clock.
      { extends: true, test: { name: "cluster", include: ["tests/cluster/**/*.test.ts"] } },
      {
        extends: true,
        test: {
          name: "types",
          include: [],
          typecheck: {
            enabled: true,
            only: true,
            include: ["{src,tests}/**/*.test-d.ts"],
            exclude: ["**/node_modules/**"],
            tsconfig: "./tsconfig.json",
            // Errors elsewhere are told once, by check:types.
            ignoreSourceErrors: true,
          },
        },
      },
    ],
  },
});
