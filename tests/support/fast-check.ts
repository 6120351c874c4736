/**
 * fast-check, with a seed: a check tries each property with the same data every time, and cannot fail by bad luck.
 * `npm run test:long` draws new data each time; what fails there is told with its seed.
 */
import fc from "fast-check";

if (process.env["CEDE_LONG"] === undefined) fc.configureGlobal({ seed: 1 });

export default fc;
