/** Random tests draw the same cases in every normal run, so that a red build speaks of its own change; the long mode draws new ones. */
import { env } from "node:process";
import fc from "fast-check";

const { TRACT_LONG, TRACT_SEED } = env;
if (TRACT_SEED !== undefined) fc.configureGlobal({ seed: Number(TRACT_SEED) });
else if (TRACT_LONG !== "1") fc.configureGlobal({ seed: 1 });
