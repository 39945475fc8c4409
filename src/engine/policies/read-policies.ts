/** Which policies are in force at a head: what its own history says of each name, else what the default branch says (spec 5.4). */
import type { Engine } from "../engine.ts";
import { TractError } from "../errors.ts";
import { type PolicySettings, readPolicy } from "../history/policy-check.ts";
import { MOMENTS } from "../history/policy-words.ts";
import { type PolicyPlace, readStated, type StatedPolicies } from "../history/stated-policies.ts";
import type { Moment, Policy } from "./policy.ts";

export interface PoliciesInForce {
  /** Enabled or not, by priority, then name. */
  readonly all: readonly Policy[];
  /** Of these what is to be evaluated at a moment. */
  readonly at: Readonly<Record<Moment, readonly Policy[]>>;
}

/** The policies in force at a place in the scope's tract, enabled or not, by priority, then name. */
export async function readPolicies(engine: Engine, at: PolicyPlace): Promise<readonly Policy[]> {
  return (await readInForce(engine, at)).all;
}

/** Every write asks: the same statements give the same object, and cost a look into a cache (stated-policies.ts). */
export async function readInForce(engine: Engine, at: PolicyPlace): Promise<PoliciesInForce> {
  return inForce(await readStated(engine, at));
}

/** The policies that these statements come to. */
export function policiesIn(stated: StatedPolicies): readonly Policy[] {
  return inForce(stated).all;
}

/** Statements never change; those of a head are the same object as those of the head before it, as long as nothing new is stated. */
const KNOWN = new WeakMap<PolicySettings, WeakMap<PolicySettings, PoliciesInForce>>();

function inForce({ own, usual }: StatedPolicies): PoliciesInForce {
  const byUsual = KNOWN.get(own) ?? new WeakMap<PolicySettings, PoliciesInForce>();
  KNOWN.set(own, byUsual);
  const before = byUsual.get(usual);
  if (before !== undefined) return before;
  const all = Object.entries({ ...usual, ...own })
    .flatMap(([name, stated]) => (stated === null ? [] : (known(name, stated) ?? [])))
    .sort((a, b) => a.priority - b.priority || (a.name < b.name ? -1 : 1));
  const made = { all, at: byMoment(all) };
  byUsual.set(usual, made);
  return made;
}

function byMoment(all: readonly Policy[]): PoliciesInForce["at"] {
  const entries = MOMENTS.map((moment) => [moment, all.filter((policy) => isCalled(policy, moment))]);
  return Object.fromEntries(entries) as PoliciesInForce["at"]; // One entry for each moment.
}

/** secret-scan stands before writes (secret-screen.ts): afterwards there is nothing left for it to find. */
function isCalled({ enabled, trigger, kind }: Policy, moment: Moment): boolean {
  return enabled && trigger === moment && kind !== "secret-scan";
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
