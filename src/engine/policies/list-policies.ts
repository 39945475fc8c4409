/** Lists the policies in force on a branch, and evaluates them on demand without acting (spec 5.4). */
import type { Hash } from "../../storage/records.ts";
import type { Engine } from "../engine.ts";
import { TractError } from "../errors.ts";
import { readSite } from "../history/snapshot.ts";
import { readStated } from "../history/stated-policies.ts";
import { nearest } from "../nearest.ts";
import { evaluatePolicies } from "./evaluate.ts";
import type { Finding } from "./policy.ts";
import { type PolicyEntry, readEntries } from "./policy-entries.ts";

export interface PolicyList {
  /** By priority, then name. */
  readonly policies: readonly PolicyEntry[];
}

/** What a change of a policy tells. */
export interface PolicyResult extends PolicyList {
  /** null: nothing was written. */
  readonly operationId: string | null;
  readonly branch: string | null;
  readonly head: Hash | null;
  readonly warnings: readonly string[];
}

export interface PolicyFindings extends PolicyList {
  /** In the order of the policies. */
  readonly findings: readonly Finding[];
}

export interface PoliciesRequest {
  /** Default: the worktree's HEAD. */
  readonly branch?: string | undefined;
}

/** The policies in force, enabled or not. */
export async function listPolicies(engine: Engine, request: PoliciesRequest = {}): Promise<PolicyList> {
  const site = await readSite(engine, { branch: request.branch });
  return { policies: readEntries(site, engine, await readStated(engine, { head: site.head?.hash ?? null })) };
}

export interface EvaluateRequest extends PoliciesRequest {
  /** Only this one, also when it is paused. Default: all that are enabled. */
  readonly name?: string | undefined;
}

/**
 * What the policies find now, whatever their triggers are. Nothing is done, proposed or noted, and no cooldown begins.
 *
 * @throws TractError `not-found` for an unknown policy (with near names) or branch.
 */
export async function evaluateNow(engine: Engine, request: EvaluateRequest = {}): Promise<PolicyFindings> {
  const site = await readSite(engine, { branch: request.branch });
  const head = site.head?.hash ?? null;
  const all = readEntries(site, engine, await readStated(engine, { head }));
  const { name } = request;
  const policies = all.filter((policy) => (name === undefined ? policy.enabled : policy.name === name));
  if (name !== undefined && policies.length === 0)
    throw unknownPolicy(
      name,
      all.map((policy) => policy.name),
    );
  const findings = await evaluatePolicies(engine, {
    policies: policies.map((policy) => ({ ...policy, enabled: true })),
    moment: null,
    branch: site.branch,
    head,
    made: null,
  });
  return { policies, findings };
}

/** A name under which no policy is in force. */
export function unknownPolicy(name: string, known: readonly string[]): TractError {
  const near = nearest(name, known);
  const told = name.slice(0, NAME_CHARS_TOLD).toWellFormed();
  return new TractError("not-found", `there is no policy ${JSON.stringify(told)} in force here`, {
    hint:
      near.length > 0 ? `Did you mean ${near.join(" or ")}?` : "List the policies with policy (action list).",
    data: { policy: told, near },
  });
}

const NAME_CHARS_TOLD = 64;
