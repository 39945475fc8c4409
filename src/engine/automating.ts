/** The part of the library's handle that has work done by itself: policies, what they propose, and the orchestrator (spec 5.4, 5.5). */
import type { JsonObject } from "../storage/records.ts";
import type { Run } from "./conversing.ts";
import { type OrchestrateRequest, type OrchestrateResult, orchestrate } from "./orchestrator/orchestrate.ts";
import {
  type NamedPolicyRequest,
  pausePolicy,
  removePolicy,
  resumePolicy,
  type SetPolicyRequest,
  setPolicy,
} from "./policies/change-policy.ts";
import { approveProposal, type Decided, editProposal, rejectProposal } from "./policies/decide.ts";
import {
  type EvaluateRequest,
  evaluateNow,
  listPolicies,
  type PoliciesRequest,
  type PolicyFindings,
  type PolicyList,
  type PolicyResult,
} from "./policies/list-policies.ts";
import type { Proposal } from "./policies/proposal.ts";
import { listProposals, type ShownProposal, showProposal } from "./policies/proposals.ts";
import { checkShape } from "./request-shapes.ts";

export interface Automating {
  /** What waits for a decision: proposals of policies, plans of compress and collapse. */
  proposals(): Promise<readonly Proposal[]>;
  /** A proposal with what approving it would do. */
  showProposal(id: string): Promise<ShownProposal>;
  /** Carries a proposal out. */
  approve(id: string): Promise<Decided>;
  /** Ends a proposal; the ledger keeps the reason. */
  reject(id: string, reason: string): Promise<Decided>;
  /** Changes what a proposal would do; it waits on. */
  editProposal(id: string, changes: JsonObject): Promise<Decided>;
  /** The policies in force, enabled or not, with everything filled in. */
  listPolicies(request?: PoliciesRequest): Promise<PolicyList>;
  /** Makes a policy, or changes the given fields of one that is known. */
  setPolicy(request: SetPolicyRequest): Promise<PolicyResult>;
  removePolicy(request: NamedPolicyRequest): Promise<PolicyResult>;
  /** It is not evaluated until it is resumed. */
  pausePolicy(request: NamedPolicyRequest): Promise<PolicyResult>;
  resumePolicy(request: NamedPolicyRequest): Promise<PolicyResult>;
  /** What the policies find now; nothing is done about it. */
  evaluatePolicies(request?: EvaluateRequest): Promise<PolicyFindings>;
  /** Looks after the branch, step by step, until it is healthy or a bound is reached. */
  orchestrate(request?: OrchestrateRequest): Promise<OrchestrateResult>;
}

export function automating(run: Run): Automating {
  return {
    proposals: () => run((on) => listProposals(on)),
    showProposal: (id) => run((on) => showProposal(on, { id: checkShape("text", id, "id") })),
    approve: (id) => run((on) => approveProposal(on, { id: checkShape("text", id, "id") })),
    reject: (id, reason) =>
      run((on) =>
        rejectProposal(on, {
          id: checkShape("text", id, "id"),
          reason: checkShape("text", reason, "reason"),
        }),
      ),
    editProposal: (id, changes) =>
      run((on) =>
        editProposal(on, {
          id: checkShape("text", id, "id"),
          changes: checkShape("changes", changes, "changes"),
        }),
      ),
    listPolicies: (request = {}) => run((on) => listPolicies(on, checkShape("policies", request, "request"))),
    setPolicy: (request) => run((on) => setPolicy(on, checkShape("setPolicy", request, "request"))),
    removePolicy: (request) => run((on) => removePolicy(on, checkShape("namedPolicy", request, "request"))),
    pausePolicy: (request) => run((on) => pausePolicy(on, checkShape("namedPolicy", request, "request"))),
    resumePolicy: (request) => run((on) => resumePolicy(on, checkShape("namedPolicy", request, "request"))),
    evaluatePolicies: (request = {}) =>
      run((on) => evaluateNow(on, checkShape("evaluatePolicies", request, "request"))),
    orchestrate: (request = {}) =>
      run((on) => orchestrate(on, checkShape("orchestrate", request, "request"))),
  };
}
