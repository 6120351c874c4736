// What a runner is to the command.

/** What came of a test in its runner. */
export interface Outcome {
  /** The groups that it is in, and the test: "bank > transfer". */
  readonly name: string;
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
  /** What a test is called that has told another name. */
  nameOf?(told: string, outcomes: Outcomes): string;
}

export interface Outcomes {
  readonly tests: readonly Outcome[];
  /** What failed that is no test: the file cannot be loaded, say. */
  readonly problems: readonly string[];
}
