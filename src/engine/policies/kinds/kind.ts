/** What a kind of policy is to the evaluation: a look at a situation that changes nothing. */
import type { Finding, Policy } from "../policy.ts";
import type { Situation } from "../situation.ts";

/** The same situation always gives the same findings. */
export type Evaluate = (situation: Situation, policy: Policy) => Promise<readonly Finding[]>;

/** A finding of a policy. */
export function findingOf(
  { name, kind, autonomy }: Policy,
  found: Pick<Finding, "target" | "reason" | "action"> & { readonly gain?: number },
): Finding {
  return { policy: name, kind, autonomy, gain: 0, ...found };
}
