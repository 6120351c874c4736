/**
 * `AsyncLocalStorage`, where the platform has it (Node, Deno, Bun): what a program has put there surrounds
 * the tasks that it creates there, so that a request's context, say, survives a `yield*`.
 *
 * To keep a context costs something for each task, so none is kept before one is in use. Nobody tells when
 * that begins: Node shows what a context holds that was there first; of later ones we hear by wrapping the
 * two methods that begin one, until either is called for the first time. Elsewhere it counts as in use.
 */
import { beginUse } from "../kernel/context.ts";
import type { HostContext, HostContexts } from "../kernel/host.ts";

interface AsyncResource {
  runInAsyncScope<This, T>(fn: (this: This) => T, self: This): T;
}

/** What is used of `node:async_hooks`, which no web platform has types for. */
interface AsyncHooks {
  readonly AsyncResource: new (type: string) => AsyncResource;
  readonly AsyncLocalStorage: { readonly prototype: object };
}

let contexts: HostContexts | null | undefined;

/** The platform's; `null` where it has none. */
export function asyncContexts(): HostContexts | null {
  return (contexts ??= find());
}

function find(): HostContexts | null {
  const { process } = globalThis as { process?: { getBuiltinModule?(id: string): unknown } };
  const hooks = process?.getBuiltinModule?.("node:async_hooks") as Partial<AsyncHooks> | undefined;
  if (typeof hooks?.AsyncResource !== "function" || typeof hooks.AsyncLocalStorage !== "function")
    return null;
  return contextsOf(hooks as AsyncHooks);
}

/** For the platform's `node:async_hooks`, or one that is made for a test. */
export function contextsOf({ AsyncResource, AsyncLocalStorage }: AsyncHooks): HostContexts {
  class Captured extends AsyncResource implements HostContext {
    enter(runnable: { step(): boolean }): boolean {
      return this.runInAsyncScope(runnable.step, runnable);
    }
  }
  const shows = Object.getOwnPropertySymbols(new Captured("cede")).some(isNumber);
  const contexts = {
    inUse: !shows,
    empty: null as HostContext | null,
    capture(): HostContext | null {
      const context = new Captured("cede");
      if (!contexts.inUse && !holdsAnything(context)) {
        contexts.empty = context;
        return null;
      }
      contexts.inUse = true;
      return context;
    },
  };
  if (shows) {
    onFirstCall(AsyncLocalStorage.prototype, ["run", "enterWith"], () => {
      contexts.inUse = true;
      beginUse();
    });
  }
  return contexts;
}

/** Node keeps what a context holds beside the numbers of the resource. */
function holdsAnything(resource: object): boolean {
  return Object.getOwnPropertySymbols(resource).some(
    (symbol) => !isNumber(symbol) && (resource as Record<symbol, unknown>)[symbol] !== undefined,
  );
}

function isNumber({ description }: symbol): boolean {
  return description === "async_id_symbol" || description === "trigger_async_id_symbol";
}

/** Calls back when one of the methods is called for the first time; they are wrapped until then. */
function onFirstCall(prototype: object, names: readonly string[], callback: () => void): void {
  const unwrap: (() => void)[] = [];
  const called = (): void => {
    for (const one of unwrap.splice(0)) one();
    callback();
  };
  for (const name of names) {
    const method = Reflect.get(prototype, name) as (...args: unknown[]) => unknown;
    const wrapped = function (this: unknown, ...args: unknown[]): unknown {
      called();
      return Reflect.apply(method, this, args);
    };
    // Somebody else may have wrapped it in the meantime; then it stays.
    unwrap.push(() => Reflect.get(prototype, name) === wrapped && Reflect.set(prototype, name, method));
    if (!Reflect.set(prototype, name, wrapped)) callback(); // it is frozen, and we shall not hear
  }
}
