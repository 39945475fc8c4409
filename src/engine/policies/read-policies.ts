/** Which policies are in force at a head: what its own history says of each name, else what the default branch says (spec 5.4). */
import type { Hash } from "../../storage/records.ts";
import type { Engine } from "../engine.ts";
import { TractError } from "../errors.ts";
import { readPolicy } from "../history/policy-check.ts";
import { readStated, type StatedPolicies } from "../history/stated-policies.ts";
import type { Policy } from "./policy.ts";

/** The policies in force at a head of the scope's tract, enabled or not, by priority, then name. Costs a ref and two looks into a cache. */
export async function readPolicies(
  engine: Engine,
  at: { readonly head: Hash | null },
): Promise<readonly Policy[]> {
  return policiesIn(await readStated(engine, at));
}

/** The policies that these statements come to. */
export function policiesIn({ own, usual }: StatedPolicies): readonly Policy[] {
  return Object.entries({ ...usual, ...own })
    .flatMap(([name, stated]) => (stated === null ? [] : (known(name, stated) ?? [])))
    .sort((a, b) => a.priority - b.priority || (a.name < b.name ? -1 : 1));
}

/** null for one that a later version of Tract has stated in words that this one does not know. */
function known(name: string, stated: object): Policy | null {
  try {
    return readPolicy(name, stated, { path: name, code: "invalid-content" });
  } catch (error) {
    if (error instanceof TractError) return null;
    throw error;
  }
}
