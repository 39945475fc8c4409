/** What processes that tests start get of the environment: enough to run, and a place where the code they load stays compiled. */
import { tmpdir } from "node:os";
import { join } from "node:path";

/** Of one user, shared by all runs: a process that is killed leaves nothing there, so it has to outlive them. */
export const CODE_CACHE: string = join(tmpdir(), `tract-test-code-${process.getuid?.() ?? 0}`);

export const CHILD_ENV: Readonly<Record<string, string>> = {
  PATH: process.env.PATH ?? "",
  HOME: tmpdir(),
  NODE_COMPILE_CACHE: CODE_CACHE,
};
