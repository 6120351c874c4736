/** Exports no job: for tests of what is said of such a module. */
export const size = 1;
