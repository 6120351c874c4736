/** What is said, once, of a Redis that will lose jobs, or that anybody can reach. */
import type { Redis } from "ioredis";

/** What is known of it; what could not be asked is missing. */
export interface RedisFacts {
  readonly policy?: string | undefined;
  readonly appendOnly?: boolean | undefined;
  /** When it saves: "3600 1 300 100"; empty: never. */
  readonly save?: string | undefined;
  readonly protectedMode?: boolean | undefined;
  readonly password?: boolean | undefined;
  readonly bind?: string | undefined;
}

export function warningsFor(facts: RedisFacts, where: string): string[] {
  const { policy, appendOnly, save, protectedMode, password, bind } = facts;
  const warnings: string[] = [];
  if (policy !== undefined && policy !== "noeviction") {
    warnings.push(
      `${where} drops keys when its memory is full (maxmemory-policy ${policy}): jobs are lost then. Set it to noeviction.`,
    );
  }
  if (appendOnly === false && save === "") {
    warnings.push(
      `${where} keeps nothing on disk: its restart loses every job. Set appendonly yes, or save.`,
    );
  }
  if (protectedMode === false && password === false && !onLoopback(bind)) {
    warnings.push(
      `${where} is open to whoever can reach it: who writes to the queue runs your jobs. Set requirepass, or bind it to ` +
        "127.0.0.1.",
    );
  }
  return warnings;
}

function onLoopback(bind: string | undefined): boolean {
  if (bind === undefined) return true; // not known: nothing is claimed
  const addresses = bind.split(/\s+/).filter((address) => address !== "");
  return addresses.length > 0 && addresses.every((address) => /^-?(127\.|::1$|localhost$)/.test(address));
}

/** Where it may not be asked, as with most that are rented, nothing is said. */
async function factsOf(redis: Redis): Promise<RedisFacts> {
  const get = async (name: string): Promise<string | undefined> => {
    try {
      const answer = (await redis.config("GET", name)) as unknown;
      if (Array.isArray(answer)) return answer[1] as string | undefined;
      return (answer as Record<string, string>)[name];
    } catch {
      return undefined;
    }
  };
  const yes = (text: string | undefined): boolean | undefined =>
    text === undefined ? undefined : text === "yes";
  const [policy, appendOnly, save, protectedMode, password, bind] = await Promise.all(
    ["maxmemory-policy", "appendonly", "save", "protected-mode", "requirepass", "bind"].map(get),
  );
  return {
    policy,
    appendOnly: yes(appendOnly),
    save,
    protectedMode: yes(protectedMode),
    password: password === undefined ? undefined : password !== "",
    bind,
  };
}

const told = new Set<string>();

export async function warnOf(redis: Redis, where: string): Promise<void> {
  for (const warning of warningsFor(await factsOf(redis), where)) {
    if (told.has(warning)) continue;
    told.add(warning);
    process.emitWarning(warning, "CedeWarning");
  }
}
