/** Decides on proposals: approve carries one out, reject ends it with a reason, edit changes what it would do (spec 5.4). */
import type { JsonObject, PlanRecord } from "../../storage/records.ts";
import { collapse } from "../agents/collapse.ts";
import { compress } from "../compress/compress.ts";
import { cutText } from "../cut-text.ts";
import type { Engine } from "../engine.ts";
import { TractError } from "../errors.ts";
import { isoNow } from "../history/publish.ts";
import { commitOf } from "../history/ref-value.ts";
import type { ToolAction } from "../toolbox.ts";
import { type Acted, act, type Sequel } from "./act.ts";
import { proposalEntry } from "./decision-entry.ts";
import { decidedAlready, factsOf, findPlan, requirePending, settle } from "./pending.ts";
import { type Proposal, readProposalBody, toProposal, toProposalBody } from "./proposal.ts";

export interface Decided {
  readonly proposal: Proposal;
  /** What was done, in a few sentences; null: nothing yet. */
  readonly outcome: string | null;
  readonly operationId: string | null;
  readonly branch: string;
  readonly head: string | null;
  readonly warnings: readonly string[];
}

export interface ApproveRequest {
  readonly id: string;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Carries a proposal out. What it does and the decision are one transaction; when it fails, nothing is changed and it waits on.
 *
 * @throws TractError `plan-not-found` (unknown, or decided already), `plan-stale` (its ground is gone: it expires), `not-allowed` (no tools
 *   at hand), and whatever the action is refused with.
 */
export async function approveProposal(engine: Engine, { id, signal }: ApproveRequest): Promise<Decided> {
  const plan = await requirePending(engine, id);
  switch (plan.kind) {
    case "compress":
      return ofPlan(engine, plan, await compress(engine, { planId: plan.id, action: "approve" }));
    case "collapse":
      return ofPlan(engine, plan, await collapse(engine, { planId: plan.id, action: "approve" }));
    default:
      return await carryOut(engine, plan, signal ?? new AbortController().signal);
  }
}

/** What became of a plan by its own operation. */
function ofPlan(
  engine: Engine,
  plan: PlanRecord,
  { operationId, head, warnings }: Pick<Decided, "operationId" | "head" | "warnings">,
): Decided {
  const state = operationId === null ? plan.state : "applied";
  const proposal = toProposal({ ...plan, state, updatedAt: isoNow(engine) });
  return {
    proposal: { ...proposal, operationId },
    outcome: null,
    operationId,
    branch: plan.branch,
    head,
    warnings,
  };
}

async function carryOut(engine: Engine, plan: PlanRecord, signal: AbortSignal): Promise<Decided> {
  const { policy, action } = readProposalBody(plan);
  const before = await headOf(engine, plan);
  let applied = plan;
  const sequel = approval(engine, plan.id, (record) => {
    applied = record;
  });
  const { outcome, operationId } = await act(engine, { policy, action, sequel, signal });
  if (!outcome.ok && operationId === null) throw await failed(engine, plan, outcome.error);
  const { branch, head, warnings } = outcome.ok ? outcome.structured : {};
  return {
    proposal: toProposal(applied),
    outcome: outcome.ok ? outcome.text : null,
    operationId,
    branch: plan.branch,
    head: branch === plan.branch && typeof head === "string" ? head : before,
    warnings: Array.isArray(warnings) ? warnings.filter((warning) => typeof warning === "string") : [],
  };
}

/** The decision, written with the operation: it is still open then, or the operation is not made. */
function approval(engine: Engine, id: string, take: (applied: PlanRecord) => void): Sequel {
  return async (operationId) => {
    const plan = await findPlan(engine, id);
    if (plan.state !== "pending") throw decidedAlready(plan);
    const body = toProposalBody({ ...readProposalBody(plan), operation_id: operationId });
    const applied: PlanRecord = { ...plan, state: "applied", body, updatedAt: isoNow(engine) };
    take(applied);
    const entry = proposalEntry(engine, id, {
      decision: "APPROVED",
      reason: `Proposal approved: ${readProposalBody(plan).action.tool}`,
      facts: { ...factsOf(applied), operation: operationId },
    });
    return { plans: [applied], ledger: [entry] };
  };
}

type Failure = Extract<Acted["outcome"], { readonly ok: false }>["error"];

async function failed(
  engine: Engine,
  plan: PlanRecord,
  { code, message, hint, data }: Failure,
): Promise<Error> {
  // Somebody else was faster: that decision stands, and this one never came to be.
  const now = await findPlan(engine, plan.id);
  if (now.state !== "pending") return decidedAlready(now);
  if (code === "cancelled" || code.startsWith("store-"))
    return new TractError(code, message, { hint: hint ?? WAITS, data });
  await settle(engine, plan.id, (record) => ({
    record,
    decision: "FAILED",
    reason: `Approved, but ${readProposalBody(plan).action.tool} was refused: ${code}`,
    facts: { error_code: code },
  }));
  return new TractError(code, `proposal ${plan.id} could not be carried out: ${message}`, {
    hint: `${hint ?? ""} ${WAITS}`.trim(),
    data: { ...data, id: plan.id },
  });
}

const WAITS = "It still waits: proposals with action edit changes it, reject ends it.";

export interface RejectRequest {
  readonly id: string;
  readonly reason: string;
}

/** @throws TractError `invalid-argument` without a reason, `plan-not-found`, `plan-stale`. */
export async function rejectProposal(engine: Engine, { id, reason }: RejectRequest): Promise<Decided> {
  const words = cutText(reason.trim().toWellFormed(), REASON_CHARS_MAX, "…");
  if (words === "") throw wrong("reason", "a reason in words, which the ledger keeps");
  const plan = await requirePending(engine, id);
  const head = await headOf(engine, plan);
  const after = await settle(engine, plan.id, (record) => ({
    record: { ...record, state: "rejected" },
    decision: "REJECTED",
    reason: `Proposal rejected: ${words}`,
  }));
  if (after.state !== "rejected") throw decidedAlready(after);
  return settled(after, head);
}

const REASON_CHARS_MAX = 1_000;

export interface EditProposalRequest {
  readonly id: string;
  /** Of a policy: arguments of its action, merged into those there are; null takes one out. Of a plan: what compress or collapse takes. */
  readonly changes: JsonObject;
}

/** Changes what a proposal would do; it waits on. @throws TractError `invalid-argument` as the tool checks it, `plan-not-found`, `plan-stale`. */
export async function editProposal(engine: Engine, { id, changes }: EditProposalRequest): Promise<Decided> {
  if (Object.keys(changes).length === 0) throw wrong("changes", "at least one argument of its action");
  const plan = await requirePending(engine, id);
  if (plan.kind === "compress")
    return ofPlan(
      engine,
      plan,
      await compress(engine, { planId: plan.id, action: "edit", ...summariesIn(changes) }),
    );
  if (plan.kind === "collapse")
    return ofPlan(
      engine,
      plan,
      await collapse(engine, { planId: plan.id, action: "edit", ...summaryIn(changes) }),
    );
  // It is carried out where it was made: its branch, its ledger and its undo are there.
  const elsewhere = ["tract", "worktree"].find((name) => Object.hasOwn(changes, name));
  if (elsewhere !== undefined)
    throw wrong(`changes.${elsewhere}`, "arguments of the action; its tract and worktree stay as they are");
  const body = readProposalBody(plan);
  const action = merged(body.action, changes);
  engine.toolbox?.check(action);
  if (engine.toolbox?.isRead(action) === true)
    throw wrong("changes", "arguments with which its action still does something; to do nothing, reject it");
  const head = await headOf(engine, plan);
  const after = await settle(engine, plan.id, (record) => ({
    record: { ...record, body: toProposalBody({ ...readProposalBody(record), action }) },
    decision: "EDITED",
    reason: `Proposal edited: ${Object.keys(changes).join(", ")}`,
  }));
  if (after.state !== "pending") throw decidedAlready(after);
  return settled(after, head);
}

function merged({ tool, arguments: given }: ToolAction, changes: JsonObject): ToolAction {
  const members = Object.entries({ ...given, ...changes }).filter(([, value]) => value !== null);
  return { tool, arguments: Object.fromEntries(members) };
}

function summariesIn(changes: JsonObject): { readonly summaries: readonly string[] } {
  const { summaries, ...others } = changes;
  if (Object.keys(others).length === 0 && isTexts(summaries)) return { summaries };
  throw wrong("changes", "summaries, one text for each group: all else of a plan to compress stays as it is");
}

function isTexts(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((text) => typeof text === "string");
}

function summaryIn(changes: JsonObject): { readonly summary: string } {
  const { summary, ...others } = changes;
  if (Object.keys(others).length === 0 && typeof summary === "string") return { summary };
  throw wrong("changes", "summary, a text: all else of a plan to collapse stays as it is");
}

/** Nothing was done but the decision. */
function settled(plan: PlanRecord, head: string | null): Decided {
  const nothing = { outcome: null, operationId: null, warnings: [] };
  return { proposal: toProposal(plan), branch: plan.branch, head, ...nothing };
}

/** Read before anything is written: afterwards nothing may fail any more. */
async function headOf({ store, scope }: Engine, { branch }: PlanRecord): Promise<string | null> {
  const ref = await store.readRef(scope.tract, "branch", branch);
  return ref === null ? null : commitOf(ref.value);
}

function wrong(path: string, expected: string): TractError {
  return new TractError("invalid-argument", `${path}: expected ${expected}`, {
    hint: `Call again with ${path}; nothing was changed.`,
    data: { path, expected },
  });
}
