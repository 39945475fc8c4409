/** Sets, removes, pauses and resumes policies: each change is a config commit of a branch, so undo takes it back (spec 5.4). */
import type { JsonObject } from "../../storage/records.ts";
import { isJsonObject } from "../content/json-rules.ts";
import { refuseUnknown } from "../content/llm-config-check.ts";
import type { Engine } from "../engine.ts";
import { TractError } from "../errors.ts";
import { attachedBranch, planCommit } from "../history/commit.ts";
import { POLICY_FIELDS, readKind, readPolicy, withoutNulls } from "../history/policy-check.ts";
import { paramsOf } from "../history/policy-params.ts";
import { POLICY_KINDS } from "../history/policy-words.ts";
import { type Planned, publishPlan } from "../history/publish.ts";
import { readSite, type Site } from "../history/snapshot.ts";
import { readStated, type StatedPolicies } from "../history/stated-policies.ts";
import { nearest } from "../nearest.ts";
import { type PolicyResult, unknownPolicy } from "./list-policies.ts";
import type { Policy } from "./policy.ts";
import { type PolicyEntry, readEntries } from "./policy-entries.ts";
import { policiesIn } from "./read-policies.ts";
import { SECRET_RULE_NAMES } from "./secret-find.ts";

/** Fields of a policy; of a known one those that change. Null puts a field, or a parameter, back to its default. */
export interface SetPolicyRequest {
  /** Default: the kind. */
  readonly name?: string | undefined;
  /** Default: the known policy's, else the name if it is a kind. */
  readonly kind?: string | null | undefined;
  readonly trigger?: string | null | undefined;
  readonly priority?: number | null | undefined;
  readonly params?: object | null | undefined;
  readonly autonomy?: string | null | undefined;
  readonly cooldown?: number | null | undefined;
  readonly enabled?: boolean | null | undefined;
  readonly branch?: string | undefined;
}

export interface NamedPolicyRequest {
  readonly name: string;
  /** Default: the worktree's branch. What the default branch says holds on all that say nothing else. */
  readonly branch?: string | undefined;
}

/**
 * Sets a policy on a branch. What is set so already is not written again.
 *
 * @throws TractError `invalid-argument` for an unknown field, kind, trigger, autonomy or parameter (with the nearest names) or a wrong value,
 *   `invalid-name`, `detached-head`; nothing is stored then.
 */
export async function setPolicy(engine: Engine, request: SetPolicyRequest): Promise<PolicyResult> {
  const { branch, name: _, ...given } = request;
  refuseUnknown(Object.keys(given), ["name", ...POLICY_FIELDS], AT);
  const name = nameOf(request);
  return await change(engine, {
    branch,
    name,
    verb: "set",
    next: (stated) => joined(name, statedOf(stated, name), given),
  });
}

/**
 * Takes a policy away on a branch. On the default branch it is gone wherever no branch states it itself; on another one it only is not in force there.
 *
 * @throws TractError `not-found` with near names, `detached-head`.
 */
export async function removePolicy(engine: Engine, request: NamedPolicyRequest): Promise<PolicyResult> {
  return await change(engine, { ...request, verb: "remove", next: () => null });
}

/**
 * Keeps a policy from being evaluated until it is resumed, also by later processes.
 *
 * @throws TractError as `removePolicy`.
 */
export async function pausePolicy(engine: Engine, request: NamedPolicyRequest): Promise<PolicyResult> {
  return await change(engine, {
    ...request,
    verb: "pause",
    next: (stated) => ({ ...statedOf(stated, request.name), enabled: false }),
  });
}

/**
 * Ends a pause.
 *
 * @throws TractError as `removePolicy`.
 */
export async function resumePolicy(engine: Engine, request: NamedPolicyRequest): Promise<PolicyResult> {
  return await change(engine, {
    ...request,
    verb: "resume",
    next: (stated) => withoutField(statedOf(stated, request.name), "enabled"),
  });
}

const AT = { path: "policy", code: "invalid-argument" } as const;

interface PolicyChange extends NamedPolicyRequest {
  readonly verb: "set" | "remove" | "pause" | "resume";
  /** What the branch is to state of the name; null: that it is not in force. */
  readonly next: (stated: StatedPolicies) => JsonObject | null;
}

async function change(engine: Engine, wanted: PolicyChange): Promise<PolicyResult> {
  return await publishPlan(engine, () => planChange(engine, wanted));
}

async function planChange(engine: Engine, wanted: PolicyChange): Promise<Planned<PolicyResult>> {
  const { name, verb, branch: asked } = wanted;
  const site = await readSite(engine, { branch: asked });
  const branch = attachedBranch(site);
  const head = site.head?.hash ?? null;
  const stated = await readStated(engine, { head });
  const before = statedOf(stated, name);
  if (before === null && verb !== "set")
    throw unknownPolicy(
      name,
      policiesIn(stated).map((policy) => policy.name),
    );
  const next = wanted.next(stated);
  const entries = readEntries(site, engine, withOwn(stated, name, next));
  const told = next === null ? readEntries(site, engine, stated) : entries;
  const policies = told.filter((entry) => entry.name === name);
  if (isSame(name, before, next)) return { change: null, result: () => unchanged(site, policies) };
  const content = { content_type: "config", settings: { policies: { [name]: next } } };
  const message = `policy: ${verb} ${name}`;
  const planned = await planCommit(engine, { items: [{ content, message }], branch }, site);
  if (planned.change === null) return { change: null, result: () => unchanged(site, policies) };
  return {
    change: planned.change,
    result: (receipt) => {
      const { operationId, head: after, warnings } = planned.result(receipt);
      return { operationId, branch, head: after, warnings, policies };
    },
  };
}

function unchanged({ branch, head }: Site, policies: readonly PolicyEntry[]): PolicyResult {
  return { operationId: null, branch, head: head?.hash ?? null, warnings: [], policies };
}

function withOwn(stated: StatedPolicies, name: string, next: JsonObject | null): StatedPolicies {
  return { ...stated, own: { ...stated.own, [name]: next } };
}

/** What is in force under a name, as it is stated; null: nothing. */
function statedOf({ own, usual }: StatedPolicies, name: string): JsonObject | null {
  const all = Object.hasOwn(own, name) ? own : usual;
  return Object.hasOwn(all, name) ? (all[name] ?? null) : null;
}

/** The stated fields with those that change; parameters each on its own, unless the kind is another one. */
function joined(
  name: string,
  before: JsonObject | null,
  given: Omit<SetPolicyRequest, "name" | "branch">,
): JsonObject {
  const changes = definedOf(given);
  const implied = before?.kind ?? POLICY_KINDS.find((word) => word === name) ?? null;
  const kind = readKind(changes.kind ?? implied, { ...AT, path: "policy.kind" });
  const isOther = before !== null && before.kind !== kind;
  const kept = isOther ? withoutField(before, "params") : (before ?? {});
  const params =
    isJsonObject(changes.params) && isJsonObject(kept.params)
      ? { ...kept.params, ...changes.params }
      : (changes.params ?? (changes.params === null ? null : (kept.params ?? null)));
  const next = withoutNulls({ ...kept, ...changes, kind, params });
  refuseUnknownRules(readPolicy(name, next, AT));
  const stated = isJsonObject(next.params) ? withoutNulls(definedOf(next.params)) : {};
  return Object.keys(stated).length === 0 ? withoutField(next, "params") : { ...next, params: stated };
}

/** A rule that is switched off by a mistyped name would still hold. */
function refuseUnknownRules(policy: Policy): void {
  if (policy.kind !== "secret-scan") return;
  const { off } = paramsOf("secret-scan", policy);
  const at = off.findIndex((rule) => !SECRET_RULE_NAMES.includes(rule));
  const unknown = off[at];
  if (unknown === undefined) return;
  const path = `policy.params.off.${at}`;
  const near = nearest(unknown, SECRET_RULE_NAMES);
  throw new TractError(AT.code, `${path}: expected the name of a built-in rule`, {
    hint: `${near.length > 0 ? `Did you mean ${near.join(" or ")}?` : `Rules: ${SECRET_RULE_NAMES.join(", ")}.`} Nothing was stored.`,
    data: { path, near },
  });
}

function definedOf(given: object): JsonObject {
  // What is no JSON is refused where the policy is read.
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)) as JsonObject;
}

function withoutField(stated: JsonObject | null, field: string): JsonObject {
  return Object.fromEntries(Object.entries(stated ?? {}).filter(([key]) => key !== field));
}

function isSame(name: string, before: JsonObject | null, next: JsonObject | null): boolean {
  if (before === null || next === null) return before === next;
  const read = (fields: JsonObject): string => JSON.stringify(readPolicy(name, fields, AT));
  return read(before) === read(next);
}

function nameOf({ name, kind }: SetPolicyRequest): string {
  return name ?? readKind(kind ?? null, { ...AT, path: "policy.kind" });
}
