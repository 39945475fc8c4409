/** What there is to do by the policies of a tract, and by one of our own where a budget has no policy (spec 5.5). */
import { readPolicy } from "../history/policy-check.ts";
import { readSettings } from "../history/settings.ts";
import { readSite } from "../history/snapshot.ts";
import { evaluatePolicies } from "../policies/evaluate.ts";
import type { Policy } from "../policies/policy.ts";
import { readPolicies } from "../policies/read-policies.ts";
import type { Find } from "./rules-mind.ts";

/** All enabled policies in force where the branch stands now, whatever sets them off. */
export function findIn(branch: string): Find {
  return async (engine) => {
    const head = (await readSite(engine, { branch })).head?.hash ?? null;
    const stated = await readPolicies(engine, { head });
    const { budget } = await readSettings(engine, engine.scope.tract, head);
    const isWatched = stated.some(({ kind, enabled }) => kind === "auto-compress" && enabled);
    const policies = budget === null || isWatched ? stated : [...stated, ownPolicy()];
    return await evaluatePolicies(engine, { policies, moment: null, branch, head, made: null });
  };
}

/** As auto-compress is by default; the ceiling of the run alone says how much it may do. */
function ownPolicy(): Policy {
  const name = "auto-compress";
  return readPolicy(name, { kind: name, autonomy: "autonomous" }, { path: name, code: "invalid-argument" });
}
