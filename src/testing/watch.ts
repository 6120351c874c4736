/** Values whose reads and writes the picture of a schedule shows. */

/** A read or a write of a watched object's property. */
export interface Access {
  readonly access: "read" | "write";
  /** As in "account.balance". */
  readonly name: string;
  readonly value: unknown;
}

let listener: ((access: Access) => void) | null = null;

/**
 * Has the picture of a failing schedule show who reads and who writes the properties of `object`, and what: `explore`
 * runs that schedule once more for it. Everywhere else it gives back the object itself, and costs nothing.
 *
 * @example
 * ```ts
 * import { sleep, taskGroup } from "cede";
 * import { explore, watch } from "cede/testing";
 *
 * const report = await explore(
 *   function* () {
 *     const account = watch({ balance: 100 }, "account");
 *     yield* taskGroup(function* (group) {
 *       for (const amount of [10, 20]) {
 *         group.createTask(function* () {
 *           const { balance } = account;
 *           yield* sleep(1);
 *           account.balance = balance + amount;
 *         });
 *       }
 *     });
 *     if (account.balance !== 130) throw new Error(`${account.balance}, not 130`);
 *   },
 *   { throws: false },
 * );
 * console.log(report.failure!.steps.flatMap(({ does }) => does).includes("account.balance is 100")); // prints: true
 * ```
 */
export function watch<T extends object>(object: T, name = "object"): T {
  const tell = listener;
  if (tell === null) return object;
  return new Proxy(object, {
    get(target, key) {
      const value: unknown = Reflect.get(target, key); // its own accessors see the object, not the watch
      if (Reflect.getOwnPropertyDescriptor(target, key)?.configurable === false) return value; // it must be that one
      if (typeof value === "function") return value.bind(target) as unknown;
      tell({ access: "read", name: nameOf(name, key), value });
      return value;
    },
    set(target, key, value) {
      tell({ access: "write", name: nameOf(name, key), value });
      return Reflect.set(target, key, value);
    },
  });
}

function nameOf(object: string, key: string | symbol): string {
  return typeof key === "string" && /^\d+$/.test(key) ? `${object}[${key}]` : `${object}.${String(key)}`;
}

/** While `call` runs, what is watched is told to `heard`. @internal */
export function listening(heard: (access: Access) => void, call: () => void): void {
  const before = listener;
  listener = heard;
  try {
    call();
  } finally {
    listener = before;
  }
}
