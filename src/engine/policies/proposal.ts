/** A proposal as callers see it, and as the plan that is stored for it (spec 5.4). */
import { z } from "zod";
import type { JsonObject, PlanRecord, PlanState } from "../../storage/records.ts";
import { isJsonObject } from "../content/json-rules.ts";
import { invariant } from "../invariant.ts";
import type { ToolAction } from "../toolbox.ts";
import { FINDING_KINDS, type Finding, type FindingKind } from "./policy.ts";

/** Kind of the plans that policies make; the others are `compress` and `collapse`. */
export const POLICY_PLAN = "policy";

export interface Proposal {
  readonly id: string;
  /** Who made it: `policy`, or the operation whose plan it is: `compress`, `collapse`. */
  readonly kind: string;
  readonly state: PlanState;
  readonly branch: string;
  /** Of policies; null for plans. */
  readonly policy: string | null;
  readonly target: string | null;
  readonly reason: string | null;
  readonly gain: number | null;
  readonly action: ToolAction | null;
  /** What carried it out; null: nothing did, or it left no operation. */
  readonly operationId: string | null;
  readonly createdAt: string;
  readonly updatedAt: string;
}

/** What the stored plan of a policy holds. */
export interface ProposalBody {
  readonly policy: string;
  readonly kind: FindingKind;
  readonly target: string;
  readonly reason: string;
  readonly gain: number;
  readonly action: ToolAction;
  readonly operation_id: string | null;
}

const BODY: z.ZodType<ProposalBody> = z.strictObject({
  policy: z.string(),
  kind: z.enum(FINDING_KINDS),
  target: z.string(),
  reason: z.string(),
  gain: z.number(),
  action: z.strictObject({ tool: z.string(), arguments: z.custom<JsonObject>(isJsonObject) }),
  operation_id: z.string().nullable(),
});

export function readProposalBody({ body }: PlanRecord): ProposalBody {
  const read = BODY.safeParse(body);
  invariant(read.success, "the stored plan of a policy holds what a policy wrote");
  return read.data;
}

export function toProposalBody(body: ProposalBody): JsonObject {
  const { tool, arguments: given } = body.action;
  return { ...body, action: { tool, arguments: given } };
}

/** The finding that a plan was made of. */
export function findingOf({ policy, kind, target, reason, gain, action }: ProposalBody): Finding {
  return { policy, kind, autonomy: "collaborative", target, reason, gain, action };
}

export function toProposal(plan: PlanRecord): Proposal {
  const { id, kind, state, branch, createdAt, updatedAt } = plan;
  const shared = { id, kind, state, branch, createdAt, updatedAt };
  if (kind !== POLICY_PLAN)
    return {
      ...shared,
      policy: null,
      target: null,
      reason: null,
      gain: null,
      action: null,
      operationId: null,
    };
  const { policy, target, reason, gain, action, operation_id: operationId } = readProposalBody(plan);
  return { ...shared, policy, target, reason, gain, action, operationId };
}
