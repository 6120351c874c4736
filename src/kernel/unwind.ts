/**
 * How frames end, and how a cancellation takes them down.
 *
 * The target is the outermost cancelled scope that the top frame can see; a frame in cleanup and a shield
 * are barriers. The top generator gets `return(TOKEN)` and is driven until it is done, whatever its
 * `finally` blocks wait for; then the frame's exits run; then comes the next frame down, and the target is
 * found anew. A frame that was called by cleanup ends like any other. No frame is resumed normally once
 * unwinding has reached it; the unwinding ends at the frame of the scope that was cancelled, or takes the
 * whole task.
 */
import { visibleTarget } from "./cancel.ts";
import { current, type Parked, type Runner } from "./current.ts";
import { CancellationEscapedError, InvalidStateError, suppress, textOf } from "./errors.ts";
import { escaped, helperEscaped, returnToken, tell, TOKEN } from "./escape.ts";
import {
  errorOf,
  failWith,
  giveWay,
  NONE,
  RETURNED,
  stopUnwinding,
  THREW,
  UNWOUND,
  type Exit,
} from "./exit.ts";
import { CLEANUP, DUE, Frame, NEW, OPEN, refuseUnawaited, type Stack } from "./frame.ts";
import { NEXT, THROW } from "./generator.ts";
import { bareYield } from "./misuse.ts";
import { report } from "./report.ts";
import { SlowCleanup } from "./slow-cleanup.ts";
import { nameOfFrame, told } from "./story.ts";

type AnyGenerator = Generator<unknown, unknown, unknown>;
type Result = IteratorResult<unknown, unknown>;

/** Whether a cancellation is to be delivered to this frame, the top of its stack. */
export function isTarget(frame: Frame): boolean {
  return frame.state <= OPEN && visibleTarget(frame.scope) !== null;
}

/**
 * Resumes a top frame that is anything but running normally: starts it, begins its unwinding, goes on with
 * its cleanup, or leaves it. `null`: there is nothing to look at; look at the top again.
 */
export function resume(task: Stack, frame: Frame): Result | null {
  switch (frame.state) {
    case NEW:
      return frame.start();
    case CLEANUP:
      return refusing(task, frame, NEXT.apply(frame.source as AnyGenerator));
    case DUE:
      return unwind(task, frame);
    default:
      leave(task, frame);
      return null;
  }
}

function unwind(task: Stack, frame: Frame): Result {
  frame.state = CLEANUP;
  let result = returnWatched(frame);
  while (current.escape !== null) {
    const error = helperEscaped(frameInWords(frame, task), current.escape);
    current.escape = null;
    outrank(task, frame, error);
    const cutShort = cut(task, frame);
    if (cutShort !== NONE) giveWay(error, cutShort, task.loop);
    current.parked = false;
    result = returnWatched(frame);
  }
  result = refusing(task, frame, result);
  if (!result.done) frame.addExit(new SlowCleanup(frameName(frame), task, frame.scope!));
  return result;
}

/**
 * In debug mode a bare `yield` in cleanup is refused at its line: that of a plain helper looks the same, and would be an
 * escape. `cede()` says that it parks.
 */
function refusing(task: Stack, frame: Frame, result: Result): Result {
  if (!current.debug || !task.root.debug) return result;
  while (!result.done && result.value === undefined && !current.parked) {
    result = THROW.call(frame.source as AnyGenerator, bareYield(frameInWords(frame, task)));
  }
  return result;
}

function returnWatched(frame: Frame): Result {
  current.returning = true;
  try {
    return returnToken(frame.source as AnyGenerator);
  } finally {
    current.returning = false;
  }
}

/** A frame's generator has ended. What is above it was linked by a poll by hand, and is lost. */
export function ended(
  task: Stack,
  frame: Frame,
  state: typeof RETURNED | typeof THREW,
  value: unknown,
): void {
  if (task.top !== frame || task.wait !== null) {
    const cutShort = cut(task, frame);
    const mistake = new InvalidStateError(
      `Cannot go on with ${frameName(frame)}: it polled an awaitable by hand and left it parked. Await with ` +
        "`yield*`; to wait for several at once, use `all`, `asCompleted` or a `taskGroup`.",
    );
    if (cutShort !== NONE) giveWay(mistake, cutShort, task.loop);
    if (state === THREW) giveWay(mistake, value, task.loop);
    state = THREW;
    value = mistake;
  }
  if (frame.state === CLEANUP) {
    frame.state = UNWOUND;
    if (state === THREW) failWith(frame, value, task.loop);
    else if (value !== TOKEN)
      outrank(task, frame, escaped(frameInWords(frame, task), frame.exits instanceof SlowCleanup));
  } else {
    if (state === RETURNED) {
      try {
        refuseUnawaited(value);
      } catch (mistake) {
        state = THREW;
        value = mistake;
      }
    }
    frame.state = state;
    frame.value = value;
  }
  leave(task, frame);
}

/** Runs the exits of a frame that has ended, then pops it. An exit that suspends is a frame on top of it. */
function leave(task: Stack, frame: Frame): void {
  for (let exit = frame.exits; exit !== null; exit = frame.exits) {
    frame.exits = exit.nextExit;
    try {
      const cleanup = exit.leave(frame);
      if (cleanup === undefined) continue;
      const callee = new Frame(cleanup);
      callee.scope = frame.calleeScope(task);
      callee.parent = frame;
      task.top = callee;
      return;
    } catch (error) {
      failWith(frame, error, task.loop);
    }
  }
  pop(task, frame);
}

function pop(task: Stack, frame: Frame): void {
  frame.closeBarrier();
  const { parent } = frame;
  task.top = parent;
  if (errorOf(frame) !== NONE) told(frame.value, task, frame);
  if (parent === null) return;
  if (frame.state === UNWOUND) {
    const target = parent.state === OPEN ? visibleTarget(parent.scope) : null;
    if (target !== null) {
      target.delivered!();
      parent.state = DUE;
      parent.value = frame.value;
      return;
    }
    stopUnwinding(frame, undefined);
  }
  const isExit = parent.state >= RETURNED && parent.state <= UNWOUND;
  if (isExit && frame.state === THREW) failWith(parent, frame.value, task.loop);
}

/**
 * Drops the frames above `until` (`null`: all): each is told once more to return, and whatever parks again
 * is dropped. Their exits run as far as they do not suspend. Returns the error that was on its way through
 * them, or `NONE`.
 */
export function cut(task: Stack, until: Frame | null): unknown {
  const wait = task.wait;
  let carried: unknown = NONE;
  if (wait !== null) {
    task.wait = null;
    wait.cancel();
    dropClaimed(task, wait);
  }
  while (task.top !== null && task.top !== until) {
    const frame = task.top;
    cutFrame(task, frame, null, carried);
    frame.closeBarrier();
    task.top = frame.parent;
    carried = errorOf(frame);
  }
  return carried;
}

/**
 * Cuts what a task does in the scope that `frame` opened: the frames above, and that one down to the scope, which is
 * to be left next.
 */
export function cutScope(task: Stack, frame: Frame, scope: Exit): void {
  cutFrame(task, frame, scope, cut(task, frame));
}

/** A frame whose exits are cut down to `last` is left by the loop: then its result, if it has one, stays. */
function cutFrame(task: Stack, frame: Frame, last: Exit | null, carried: unknown): void {
  current.cutting = true;
  current.parked = false;
  const { state } = frame;
  const begun = state === OPEN || state === DUE || state === CLEANUP;
  if (state !== THREW && (state !== RETURNED || last === null)) {
    if (state === NEW || state === OPEN || state === RETURNED) frame.value = NONE;
    frame.state = UNWOUND;
  }
  failWith(frame, carried, task.loop);
  if (begun) quietly(task, frame, () => cutGenerator(frame.source as AnyGenerator, state === CLEANUP));
  for (let exit = frame.exits; exit !== last && exit !== null; exit = frame.exits) {
    frame.exits = exit.nextExit;
    const left = exit;
    quietly(task, frame, () => left.leave(frame));
  }
  current.cutting = false;
  current.escape = null;
}

/** Cleanup that begins only now is told once more where it parks, as any other: its outer `finally` blocks run. */
function cutGenerator(generator: AnyGenerator, inCleanup: boolean): void {
  const { done } = returnToken(generator);
  if (done || inCleanup) return;
  current.parked = false;
  returnToken(generator);
}

function quietly(task: Stack, frame: Frame, action: () => unknown): void {
  try {
    action();
  } catch (error) {
    failWith(frame, error, task.loop);
  }
}

/** Undoes what a wait arranged, whose claim was taken. */
export function dropClaimed(task: Runner, wait: Parked): void {
  try {
    wait.abort();
  } catch (error) {
    report(task, "late-error", `Aborting ${wait.label} failed: ${textOf(error)}`, { error });
  }
}

/** An escape outranks every other outcome. */
function outrank(task: Stack, frame: Frame, error: CancellationEscapedError): void {
  const other = frame.value;
  if (other instanceof CancellationEscapedError) {
    suppress(other, error); // the run tells that it gave way
  } else {
    frame.value = error;
    if (other !== NONE) giveWay(error, other, task.loop);
  }
  tell(task, error);
}

const NAMELESS = "a generator";

/** The coroutine's name, for messages. */
function frameName(frame: Frame): string {
  const name = nameOfFrame(frame);
  return name === "" ? NAMELESS : `coroutine ${name}`;
}

/** As far as it is known which function it is; otherwise, where it runs. */
export function frameInWords(frame: Frame, task: Runner): string {
  const name = frameName(frame);
  return name === NAMELESS ? `${name} in ${task.name}` : name;
}
