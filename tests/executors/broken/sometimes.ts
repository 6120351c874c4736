/** Cannot be loaded while a file says so. */
import { readFileSync } from "node:fs";

const how = readFileSync(process.env["CEDE_TEST_FILE"]!, "utf8");
if (how === "throws") throw new RangeError("the database is not there");
if (how === "exits") process.exit(9);

export const add = (a: number, b: number): number => a + b;
export const exit = (code: number): never => process.exit(code);
