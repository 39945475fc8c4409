/** What is stated of policies where a call stands: in the history of its head, and on the default branch (spec 5.4). */
import type { Hash } from "../../storage/records.ts";
import type { Engine } from "../engine.ts";
import type { PolicySettings } from "./policy-check.ts";
import { commitOf } from "./ref-value.ts";
import { readSettings } from "./settings.ts";

/** By name; null takes one away. What is said of a name in `own` holds, whatever `usual` says of it. */
export interface StatedPolicies {
  /** In the history of the head. */
  readonly own: PolicySettings;
  /** On the default branch. */
  readonly usual: PolicySettings;
}

/** A place in the scope's tract where policies hold. */
export interface PolicyPlace {
  readonly head: Hash | null;
  /** The branch that has this head now; left out: not known, or none. */
  readonly branch?: string | null;
}

/** What is stated at a place. Costs two looks into a cache, and a ref where the place is not the tip of the default branch. */
export async function readStated(engine: Engine, { head, branch }: PolicyPlace): Promise<StatedPolicies> {
  const { store, scope, settings } = engine;
  const own = (await readSettings(engine, scope.tract, head)).policies ?? NONE;
  if (branch === settings.defaultBranch) return { own, usual: own };
  const ref = await store.readRef(scope.tract, "branch", settings.defaultBranch);
  const usualHead = ref === null ? null : commitOf(ref.value);
  if (usualHead === head) return { own, usual: own };
  return { own, usual: (await readSettings(engine, scope.tract, usualHead)).policies ?? NONE };
}

/** Always the same one, so that what it comes to is worked out once. */
const NONE: PolicySettings = {};
