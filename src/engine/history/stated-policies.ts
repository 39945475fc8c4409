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

/** What is stated at a head of the scope's tract. Costs a ref and two looks into a cache. */
export async function readStated(
  engine: Engine,
  { head }: { readonly head: Hash | null },
): Promise<StatedPolicies> {
  const { store, scope, settings } = engine;
  const ref = await store.readRef(scope.tract, "branch", settings.defaultBranch);
  const usualHead = ref === null ? null : commitOf(ref.value);
  const own = await readSettings(engine, scope.tract, head);
  const usual = usualHead === head ? own : await readSettings(engine, scope.tract, usualHead);
  return { own: own.policies ?? {}, usual: usual.policies ?? {} };
}
