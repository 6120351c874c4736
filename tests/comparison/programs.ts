/** The programs of the comparison, in the order of its table. Their code is in `programs/`, one folder each. */
export interface Program {
  /** Its folder. */
  readonly name: string;
  readonly title: string;
  /** What it does, for a reader who does not open it. */
  readonly about: string;
  /** What one would wish of a fact, or of "one fact or another": how its value begins, in one of several ways. */
  readonly wish: Readonly<Record<string, readonly string[]>>;
  /** Whether the first thing said on the standard error is a fact, too. */
  readonly listens?: true;
}

export const PROGRAMS: readonly Program[] = [
  {
    name: "nested-cleanup",
    title: "Cleanup that waits, two calls deep",
    about:
      "One function calls another, both wait in their cleanup. They are cancelled while the inner one waits.",
    wish: {
      "inner cleanup": ["ended"],
      "outer cleanup": ["ended"],
      "line after the call": ["did not run"],
    },
  },
  {
    name: "catch-all",
    title: "A loop that catches everything and tries again",
    about: "It is cancelled during its first try; it would make four more.",
    wish: { "tries after the cancellation": ["0"] },
  },
  {
    name: "failing-cleanup",
    title: "Cleanup that fails while an error is on its way",
    about:
      "The first of two tasks fails, so the second is stopped, and its cleanup fails too. Which error is thrown, and can the other be found from it?",
    wish: { thrown: ["first"], "other error": ["kept"] },
  },
  {
    name: "two-failures",
    title: "Two tasks fail at the same time",
    about: "Both sleep equally long, and then fail.",
    wish: { thrown: ["first"], "other error": ["kept"] },
  },
  {
    name: "slow-cleanup",
    title: "A timeout around work that cleans up slowly",
    about: "The limit is 10 ms, the cleanup takes 50 more.",
    wish: { thrown: ["TimeoutError"], "cleanup by then": ["ended"] },
  },
  {
    name: "cancelled-awaiter",
    title: "Cancel the one who waits",
    about: "A task waits for another one, and is cancelled. The other was not.",
    wish: { "task that was awaited": ["went on"] },
  },
  {
    name: "cancelled-before-start",
    title: "Cancel a task as soon as it is there",
    about: "Where a task begins at once, it has begun; in no case should it go on.",
    wish: { body: ["did not begin", "began"] },
  },
  {
    name: "result-in-time",
    title: "The result is there when the time is up",
    about:
      "The result comes in time, but the host is busy until after the deadline. A result that is there should not be lost.",
    wish: { "ended with": ["the result"] },
  },
  {
    name: "normal-way-out",
    title: "Cancelled during cleanup on the normal way out",
    about:
      "The work has ended well, and its cleanup waits when a timeout comes: once in a plain `finally`, once in what the system has for cleanup.",
    wish: { "plain finally": ["ended"], "the system's own way": ["ended"] },
  },
  {
    name: "forgotten-failure",
    title: "A task that nobody awaits fails",
    about: "Does the program hear of it, as an error or as its end?",
    wish: { "program or process": ["failed with boom", "exit code 1"] },
    listens: true,
  },
  {
    name: "race-losers",
    title: "The loser of a race",
    about:
      "It is the slow one, and has cleanup that waits. Where the system leaves the loser alone, the program stops it, as a careful one would.",
    wish: { "loser, when the race is over": ["is stopped and cleaned up"], "who saw to it": ["the system"] },
  },
  {
    name: "limited-cleanup",
    title: "Cleanup with a time limit of its own",
    about: "A cancelled task's cleanup gives one of its steps 10 ms, and goes on without it.",
    wish: { cleanup: ["its limit was kept, and it ended"] },
  },
  {
    name: "deadlock",
    title: "Two tasks wait for each other",
    about: "Nothing else goes on. What does the program hear?",
    wish: { "thrown or process": ["DeadlockError", "exit code"], tasks: ["both named"] },
    listens: true,
  },
  {
    name: "forgotten-star",
    title: "The star, or the `await`, is forgotten",
    about:
      "`yield save()` for `yield* save()`, `save()` for `await save()`; `save` returns a number. (Types would show most of it.)",
    wish: { "the line or said": ["throws", "goes on, with a value of type number", "RuntimeWarning"] },
    listens: true,
  },
  {
    name: "cancelled-twice",
    title: "Cancelled again during cleanup",
    about: "The second time comes while the `finally` waits.",
    wish: { cleanup: ["ended"] },
  },
  {
    name: "shield",
    title: "A part that must not be interrupted",
    about: "The task is cancelled during that part. It should be stopped right after it, and not end before.",
    wish: { "protected part, when the task had ended": ["had ended"], "line after it": ["did not run"] },
  },
  {
    name: "equal-timeouts",
    title: "Two equal limits, one in the other",
    about: "Whoever catches the inner one tries again, for long. The outer limit should hold all the same.",
    wish: { "outer limit": ["kept"] },
  },
  {
    name: "ready-loop",
    title: "A loop that awaits only what is ready",
    about:
      "It runs for 300 ms; a timer of the host is due after 20. Is it on time, and if not, does anyone say so?",
    wish: { "host's timer": ["on time"] },
    listens: true,
  },
  {
    name: "late-rejection",
    title: "A promise that nobody waits for any more rejects",
    about: "The wait for it had a limit of time. Nothing is unhandled: someone had asked, and has left.",
    wish: { unhandled: ["nothing"] },
    listens: true,
  },
  {
    name: "deep-recursion",
    title: "Recursion, 100,000 deep",
    about: "Each level calls the next and adds 1 to what it gives.",
    wish: { result: ["100000"] },
  },
];
