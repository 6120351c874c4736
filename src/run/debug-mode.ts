/** Whether debug mode is on where nobody says: `CEDE_DEBUG=1` in the environment, on platforms that have one. */
export function debugByEnvironment(): boolean {
  const { process } = globalThis as { process?: { env?: Record<string, string | undefined> } };
  const value = process?.env?.["CEDE_DEBUG"];
  return value !== undefined && value !== "" && value !== "0";
}
