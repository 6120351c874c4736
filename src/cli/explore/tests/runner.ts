// What a runner is to the command.

/** What came of a test in its runner. */
export interface Outcome {
  /** The groups that it is in, and the test: "bank > transfer". */
  readonly name: string;
  /** As whom `runTest` was called in it, if that is known. */
  readonly ids?: readonly string[];
  /** Where it begins in its file, if that is known. */
  readonly line?: number;
  readonly failed: boolean;
  /** Why it failed, in the runner's words. */
  readonly message: string;
}

export interface Runner {
  readonly command: string;
  readonly args: readonly string[];
  readonly cwd: string;
  readonly env?: Readonly<Record<string, string>>;
  /** What it has left; `undefined`: nothing that could be read. */
  outcomes(): Outcomes | undefined;
}

export interface Outcomes {
  readonly tests: readonly Outcome[];
  /** What failed that is no test: the file cannot be loaded, say. */
  readonly problems: readonly string[];
  /** Whether it is not for these tests that the runner has an exit code of failure. */
  readonly excused?: boolean;
}
