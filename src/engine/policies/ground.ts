/** Says when a proposal has lost its ground: what it is about is gone, or what it would do is done already (spec 5.4). */
import type { JsonObject, PlanRecord } from "../../storage/records.ts";
import { isHash } from "../content/hashes.ts";
import type { Engine } from "../engine.ts";
import { pointAt } from "../history/context-size.ts";
import { commitOf } from "../history/ref-value.ts";
import { reportedSize } from "../history/reported-size.ts";
import { readSettings } from "../history/settings.ts";
import { readSite } from "../history/snapshot.ts";
import { evaluatePolicies } from "./evaluate.ts";
import { POLICY_PLAN, type ProposalBody, readProposalBody } from "./proposal.ts";
import { readPolicies } from "./read-policies.ts";

/** Why it can no longer be decided, as the end of a sentence; null: it still can. */
export async function lostGround(engine: Engine, plan: PlanRecord): Promise<string | null> {
  const { store, scope } = engine;
  if (plan.kind === "collapse") return null; // Its branch may still be unborn; collapse looks for itself.
  const ref = await store.readRef(scope.tract, "branch", plan.branch);
  if (ref === null) return `branch ${plan.branch} is gone`;
  if (plan.kind !== POLICY_PLAN) return null;
  const body = readProposalBody(plan);
  // Somebody goes on with a branch that was done with.
  if (body.kind === "auto-archive" && commitOf(ref.value) !== plan.head)
    return `branch ${plan.branch} has moved since`;
  return (await lostTarget(engine, body)) ?? (await alreadyDone(engine, plan.branch, body));
}

async function lostTarget({ store, scope }: Engine, { target }: ProposalBody): Promise<string | null> {
  if (!isHash(target)) return null;
  const [commit] = await store.readCommits(scope.tract, [target]);
  return commit === undefined ? `commit ${target.slice(0, 12)} is gone` : null;
}

async function alreadyDone(engine: Engine, branch: string, body: ProposalBody): Promise<string | null> {
  const { store, scope } = engine;
  const { target, action } = body;
  const { tool, arguments: given } = action;
  const name = (kind: "branch" | "tag", argument: string) => hasRef(engine, kind, given[argument]);
  switch (tool) {
    case "annotate": {
      if (!isHash(target)) return null;
      const rows = await store.readCommitAnnotations(scope.tract, target);
      return rows.length > 0 ? `commit ${target.slice(0, 12)} has been annotated since` : null;
    }
    case "tag":
      return (await name("tag", "name")) ? "the tag is there already" : null;
    case "branch":
      if (given.action === "create" && (await name("branch", "name"))) return "the branch is there already";
      return given.action === "rename" && (await name("branch", "new_name"))
        ? "a branch of the new name is there already"
        : null;
    case "compress":
      return await fitsAlready(engine, branch, body);
    default:
      return null;
  }
}

async function hasRef(
  { store, scope }: Engine,
  kind: "branch" | "tag",
  name: JsonObject[string] | undefined,
): Promise<boolean> {
  return typeof name === "string" && (await store.readRef(scope.tract, kind, name)) !== null;
}

/** Under the threshold of its policy; where that is gone, at or under what it was to be compressed to. */
async function fitsAlready(
  engine: Engine,
  branch: string,
  { policy: name, action }: ProposalBody,
): Promise<string | null> {
  const { head } = await readSite(engine, { branch });
  const at = { branch, head: head?.hash ?? null };
  const tokens = await contextTokens(engine, branch);
  const policy = (await readPolicies(engine, at)).find(
    (one) => one.name === name && one.kind === "auto-compress",
  );
  if (policy !== undefined) {
    const policies = [{ ...policy, enabled: true }];
    const found = await evaluatePolicies(engine, { ...at, policies, moment: null, made: [], size: tokens });
    return found.length > 0 ? null : `the context has ${tokens} tokens, less than its policy is about`;
  }
  const { target_tokens: target } = action.arguments;
  if (typeof target !== "number" || tokens > target) return null;
  return `the context has ${tokens} tokens, within the ${target} it was to have`;
}

/** Tokens of a branch's compiled context. */
export async function contextTokens(engine: Engine, branch: string): Promise<number> {
  const site = await readSite(engine, { branch });
  const head = site.head?.hash ?? null;
  const settings = await readSettings(engine, engine.scope.tract, head);
  return (await reportedSize(engine, pointAt(engine, site, head, settings))).tokens;
}
