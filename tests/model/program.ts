/** Little programs: trees of what the rules speak of. Made at random, numbered, written down, and made smaller. */

/** What an operation does; those with bodies are branches. */
export type Kind = (typeof LEAVES)[number] | (typeof BRANCHES)[number];

const LEAVES = [
  "sleep", // n milliseconds
  "cede",
  "bare yield",
  "fail",
  "cancel me",
  "cancel the group", // the innermost around it
  "cancel the scope", // the innermost around it: a scope, a timeout or a move on
  "move the deadline", // of that scope, to n milliseconds from now
  "cancel", // the nth last task
  "cancel and await", // the nth last task
  "await", // the nth last task
] as const;

const BRANCHES = [
  "call",
  "catch", // a body and a handler
  "clean up", // a body and what its `finally` does
  "defer", // a body, and what is deferred before it
  "use", // something that is released at once, while a body runs
  "resource", // a body that uses it, what acquires it, and what releases it
  "shield",
  "scope",
  "timeout", // of n milliseconds
  "move on", // after n milliseconds
  "bounded move on", // after n milliseconds; its cleanup has one more than half of that
  "group",
  "bounded group", // its cleanup has n + 1 milliseconds
  "supervise", // a group whose tasks fail alone
  "all", // of any number of bodies
  "map", // the same, at most n at once; 0: all
  "as completed", // the same; from 3 on, left after the first result, and then at most n - 3 at once
  "child", // a task of the group
  "task", // a task of the run
] as const;

export const KINDS: readonly Kind[] = [...LEAVES, ...BRANCHES];

export interface Op {
  readonly kind: Kind;
  readonly n: number;
  readonly bodies: readonly Program[];
}

export type Program = readonly Op[];

/** A program, and what is done to it. */
export interface Trial {
  readonly program: Program;
  /** The time at which it is cancelled from outside. */
  readonly cancelAt: number | null;
  /** The point at which it is cancelled from outside; there is one before and one after each step. */
  readonly cancelPoint: number | null;
  /** Whether, at every point, everyone who is parked is polled in vain. */
  readonly inVain: boolean;
}

/** Numbers from 0 to below 1 that depend on the seed alone (mulberry32). */
export function random(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** How often each kind is drawn, beside the others of its sort. */
const WEIGHTS: Record<Kind, number> = {
  sleep: 20,
  cede: 3,
  "bare yield": 2,
  fail: 2,
  "cancel me": 0.5,
  "cancel the group": 1,
  "cancel the scope": 1,
  "move the deadline": 1,
  cancel: 2,
  "cancel and await": 1,
  await: 2.5,
  call: 1,
  catch: 4,
  "clean up": 7,
  defer: 4,
  use: 1,
  resource: 1.5,
  shield: 2,
  scope: 2,
  timeout: 3,
  "move on": 2,
  "bounded move on": 1,
  group: 5,
  "bounded group": 1,
  supervise: 3,
  all: 2,
  map: 1,
  "as completed": 1.5,
  child: 4,
  task: 3,
};

/** Whose bodies are tasks, as many as there are. */
const IN_PARALLEL: readonly Kind[] = ["all", "map", "as completed"];

const GROUPS: readonly Kind[] = ["group", "bounded group", "supervise"];

const LIMITED: readonly Kind[] = ["timeout", "move on", "bounded move on"];

const QUIET_LEAVES = LEAVES.slice(0, LEAVES.indexOf("fail"));

export function makeProgram(seed: number): Program {
  const next = random(seed);
  const below = (n: number): number => Math.floor(next() * n);
  let left = 4 + below(60);
  const draw = (kinds: readonly Kind[]): Kind => {
    let at = next() * kinds.reduce((sum, kind) => sum + WEIGHTS[kind], 0);
    return kinds.find((kind) => (at -= WEIGHTS[kind]) < 0)!;
  };
  const child = (depth: number): Op => {
    left--;
    return { kind: "child", n: 0, bodies: [list(depth + 1, 1)] };
  };
  const list = (depth: number, least: number): Op[] => {
    const ops: Op[] = [];
    for (let n = least + below(4 - least); n > 0 && left > 0; n--) ops.push(op(depth));
    return ops;
  };
  const op = (depth: number): Op => {
    left--;
    const leaves = depth > 6 || next() < 0.35;
    // What ends main at once leaves nothing to compare.
    const kind = draw(leaves ? (depth > 1 ? LEAVES : QUIET_LEAVES) : BRANCHES);
    const bodies: Program[] = [];
    if ((BRANCHES as readonly Kind[]).includes(kind)) {
      const body = list(depth + 1, 1);
      const children = GROUPS.includes(kind) ? below(4) : 0; // what would a group be without any?
      for (let n = 0; n < children && left > 0; n++) body.unshift(child(depth + 1));
      bodies.push(body);
      if (kind === "catch") bodies.push(next() < 0.3 ? list(depth + 1, 1) : []);
      if (kind === "clean up") bodies.push(next() < 0.7 ? list(depth + 2, 1) : []);
      if (kind === "resource") bodies.push(list(depth + 2, 0), list(depth + 2, 0));
      if (kind === "defer") for (let n = 1 + below(2); n > 0; n--) bodies.push(list(depth + 2, 1));
      if (IN_PARALLEL.includes(kind)) for (let n = below(3); n > 0; n--) bodies.push(list(depth + 1, 1));
    }
    const most = LIMITED.includes(kind) ? 12 : kind === "map" ? 3 : 6;
    const n = below(most);
    return { kind, n, bodies };
  };
  return list(0, 3);
}

/** Each operation's number, in the order in which they are written. */
export function numbered(program: Program): Map<Op, number> {
  const numbers = new Map<Op, number>();
  const walk = (ops: Program): void => {
    for (const op of ops) {
      numbers.set(op, numbers.size + 1);
      op.bodies.forEach(walk);
    }
  };
  walk(program);
  return numbers;
}

const WITH_NUMBER: readonly Kind[] = [
  "sleep",
  "move the deadline",
  "cancel",
  "cancel and await",
  "await",
  "timeout",
  "move on",
  "bounded move on",
  "bounded group",
  "map",
  "as completed",
];

/** The program in lines, as it is to be read. */
export function written(program: Program): string {
  const numbers = numbered(program);
  const lines: string[] = [];
  const write = (ops: Program, indent: string): void => {
    for (const op of ops) {
      const number = WITH_NUMBER.includes(op.kind) ? ` ${op.n}` : "";
      lines.push(`${indent}${numbers.get(op)!}: ${op.kind}${number}`);
      op.bodies.forEach((body, i) => {
        if (i > 0) lines.push(`${indent}  ${IN_PARALLEL.includes(op.kind) ? "and" : "then"}`);
        write(body, `${indent}    `);
      });
    }
  };
  write(program, "  ");
  return lines.join("\n");
}

/** Every program that is this one with something left out, or made less: what a shrinking search tries next. */
export function* smaller(program: Program): Generator<Program> {
  for (const [i, op] of program.entries()) {
    const before = program.slice(0, i);
    const after = program.slice(i + 1);
    yield [...before, ...after];
    for (const body of op.bodies) yield [...before, ...body, ...after];
    if (op.n > 0) {
      yield [...before, { ...op, n: 0 }, ...after];
      yield [...before, { ...op, n: op.n - 1 }, ...after];
    }
    for (const [j, body] of op.bodies.entries()) {
      if (IN_PARALLEL.includes(op.kind) && op.bodies.length > 1) {
        yield [...before, { ...op, bodies: op.bodies.filter((_, k) => k !== j) }, ...after];
      }
      for (const less of smaller(body)) {
        yield [...before, { ...op, bodies: op.bodies.map((b, k) => (k === j ? less : b)) }, ...after];
      }
    }
  }
}
