/** How often property tests run: a few times in the normal run, a thousand times with `npm run test:long`. */
import { env } from "node:process";

const IS_LONG = env.TRACT_LONG === "1";

/** Runs of a property: `normal`, or in the long mode `long` (default 1,000) if that is more. */
export function runs(normal: number, long = 1_000): number {
  return IS_LONG ? Math.max(normal, long) : normal;
}

/** Time limit of a test in ms: grown in the long mode by as much as the runs may grow. */
export function timeLimit(normal: number): number {
  return IS_LONG ? normal * 200 : normal;
}
