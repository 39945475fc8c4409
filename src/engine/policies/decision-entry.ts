/** What the ledger says of findings and proposals: who decided what, with hashes and numbers only (spec 4.1, 5.4). */
import type { JsonObject, LedgerBody } from "../../storage/records.ts";
import type { Engine } from "../engine.ts";
import { ledgerEntry } from "../ledger/entry.ts";
import type { Finding } from "./policy.ts";

/** REPORTED, ACTED and FAILED are what became of a finding at once; the others are what became of a proposal. */
export type Decision =
  | "REPORTED"
  | "PROPOSED"
  | "ACTED"
  | "FAILED"
  | "APPROVED"
  | "REJECTED"
  | "EDITED"
  | "EXPIRED";

/** An entry about a finding that became no proposal; it stands under the policy's name. */
export function policyEntry(
  engine: Engine,
  finding: Finding,
  event: {
    readonly decision: "REPORTED" | "ACTED" | "FAILED";
    readonly reason: string;
    readonly facts?: JsonObject;
  },
): LedgerBody {
  return ledgerEntry(engine, nowOf(engine), {
    eventType: "POLICY",
    submissionId: finding.policy,
    decision: event.decision,
    reason: event.reason,
    metadata: { ...findingFacts(finding), ...event.facts },
  });
}

/** An entry about a proposal, under its id. */
export function proposalEntry(
  engine: Engine,
  planId: string,
  event: { readonly decision: Decision; readonly reason: string; readonly facts: JsonObject },
): LedgerBody {
  const { author } = engine.scope;
  return ledgerEntry(engine, nowOf(engine), {
    eventType: "PROPOSAL",
    submissionId: planId,
    decision: event.decision,
    reason: event.reason,
    metadata: { ...event.facts, decided_by: { kind: author.kind, name: author.name } },
  });
}

/** What a finding is, without its arguments: those may hold texts. */
export function findingFacts({ policy, kind, target, gain, action }: Finding): JsonObject {
  return { policy, kind, target, gain, tool: action.tool };
}

function nowOf(engine: Engine): string {
  return new Date(engine.clock()).toISOString();
}
