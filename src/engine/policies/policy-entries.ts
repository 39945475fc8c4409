/** Policies as results tell them: everything filled in, with the branch that states each. */
import type { Engine } from "../engine.ts";
import type { Site } from "../history/snapshot.ts";
import type { StatedPolicies } from "../history/stated-policies.ts";
import type { Policy } from "./policy.ts";
import { policiesIn } from "./read-policies.ts";

export interface PolicyEntry extends Policy {
  /** The branch in whose history it is stated: the one asked for, or the default branch; null on a detached HEAD. */
  readonly branch: string | null;
}

/** The policies in force, by priority, then name. */
export function readEntries(
  { branch }: Pick<Site, "branch">,
  { settings }: Pick<Engine, "settings">,
  stated: StatedPolicies,
): readonly PolicyEntry[] {
  return policiesIn(stated).map((policy) => ({
    ...policy,
    branch: Object.hasOwn(stated.own, policy.name) ? branch : settings.defaultBranch,
  }));
}
