/** Collapses a child: its result becomes a commit of the parent with a link back; the child stays as it is (spec 3.6). */
import type { PlanRecord } from "../../storage/records.ts";
import { readChildWork } from "../compile/child-work.ts";
import type { Engine } from "../engine.ts";
import { TractError } from "../errors.ts";
import { type Planned, publishPlan } from "../history/publish.ts";
import { readSite } from "../history/snapshot.ts";
import { Inquiry } from "../llm/inquiry.ts";
import { refuseConfig } from "../llm/resolve-config.ts";
import { readChildNow } from "./child-now.ts";
import { RESULT_WORDS, resultByLlm } from "./collapse-by-llm.ts";
import { planCollapse } from "./collapse-change.ts";
import { nothingDone, type Proposal, readPlan, rejectPlan, storePlan } from "./collapse-plan.ts";
import type { CollapseRequest, CollapseResult, CollapseStrategy } from "./collapse-result.ts";
import { findCollapseTarget } from "./collapse-target.ts";
import { acceptResult, lastOutput, type Material, materialOf, type ResultText } from "./collapse-text.ts";

/**
 * Collapses a child, or goes on with a plan.
 *
 * @throws TractError `not-found` (child, into), `not-allowed` (not its parent), `nothing-to-do` (no output), `summary-refused`,
 *   `plan-not-found`, `plan-stale`, `budget-exceeded`, `llm-not-configured` and other codes of the LLM, `cancelled`, `invalid-argument`; in each
 *   case nothing is stored but the ledger's entries of failed calls.
 */
export async function collapse(engine: Engine, request: CollapseRequest): Promise<CollapseResult> {
  const { planId, child } = request;
  if (planId !== undefined) {
    checkPlanRequest(request);
    refuseConfig(request, "plan_id");
    return await publishPlan(engine, () => goOn(engine, planId, request));
  }
  if (child === undefined) throw invalid("child", "the child to collapse, or a plan_id");
  const strategy = chooseStrategy(request);
  if (strategy !== "llm") refuseConfig(request, `strategy ${strategy}`);
  const inquiry = new Inquiry(engine, request, RESULT_WORDS);
  return await inquiry.publish(() => begin(engine, { ...request, child, strategy }, inquiry));
}

async function begin(
  engine: Engine,
  request: CollapseRequest & { readonly child: string; readonly strategy: CollapseStrategy },
  inquiry: Inquiry,
): Promise<Planned<CollapseResult>> {
  const { child, into, strategy, summary } = request;
  const target = await findCollapseTarget(engine, { child, into, isForced: request.force === true });
  const now = await readChildNow(engine, target.child);
  if (now.head === null) throw gone(child);
  const at = { ...target, child: { ...target.child, branch: now.branch } };
  const own = { text: summary ?? null, generationConfig: null };
  const base = { target: at, childHead: now.head.hash };
  const written = strategy === "llm" ? await resultByLlm(engine, base, inquiry) : own;
  const proposal: Proposal = { ...base, strategy, ...written };
  return await decide(engine, proposal, { isReviewed: request.review === true, plan: null });
}

async function goOn(
  engine: Engine,
  planId: string,
  { action, summary, review }: CollapseRequest,
): Promise<Planned<CollapseResult>> {
  const { plan, proposal } = await readPlan(engine, planId);
  if (action === "reject") {
    const { head } = await readSite(engine, { branch: plan.branch });
    return rejectPlan(engine, plan, head?.hash ?? null);
  }
  const text = summary ?? proposal.text;
  if (text === null) throw invalid("summary", "the result in your words: this plan has none yet");
  const isReviewed = action === "edit" || review === true;
  // Other words than the child's own have to pass the guard.
  const isReworded = summary !== undefined && proposal.strategy !== "agent";
  const strategy = isReworded ? "manual" : proposal.strategy;
  const generationConfig = summary === undefined ? proposal.generationConfig : null;
  return await decide(engine, { ...proposal, strategy, text, generationConfig }, { isReviewed, plan });
}

/** Works out the text, and either commits it or leaves it to wait. */
async function decide(
  engine: Engine,
  proposal: Proposal,
  { isReviewed, plan }: { readonly isReviewed: boolean; readonly plan: PlanRecord | null },
): Promise<Planned<CollapseResult>> {
  const { target, childHead, strategy } = proposal;
  const now = await readChildNow(engine, target.child);
  const newer = await readNewer(engine, proposal, now.head?.hash ?? null);
  const { tract } = target.child;
  const work = await readChildWork(engine, { tract, head: childHead, from: target.from });
  const material = materialOf(work);
  const isWritten = proposal.text !== null || strategy === "last_output";
  const result: ResultText | null = !isWritten
    ? null
    : proposal.text === null
      ? lastOutput(work)
      : await accept(engine, proposal, { text: proposal.text, material, encoding: now.site.tract?.encoding });
  const warnings =
    newer === 0 ? [] : [`the child has ${newer} newer commits that this result does not tell of`];
  if (result === null && material.group.pieces.length === 0) throw nothingDone(target.child.worktree);
  if (result === null || isReviewed) {
    const { head } = await readSite(engine, { branch: target.into });
    const at = { head: head?.hash ?? null, material, earlier: plan, warnings };
    return storePlan(engine, { ...proposal, text: result?.text ?? null }, at);
  }
  const sourceTokens = material.group.tokens;
  return await planCollapse(engine, proposal, { result, sourceTokens, plan, warnings });
}

/** The guard is for words about the child's work; the child's own last words are its result as they are. */
async function accept(
  engine: Engine,
  { strategy }: Proposal,
  input: {
    readonly text: string;
    readonly material: Material;
    readonly encoding: Parameters<Engine["tokenCounter"]>[0] | undefined;
  },
): Promise<ResultText> {
  const { text, material, encoding } = input;
  if (strategy === "last_output") return { text, lost: [] };
  const counter = await engine.tokenCounter(encoding ?? engine.settings.encoding);
  return acceptResult(material, text, (part) => counter.count(part));
}

/**
 * How many commits the child has made since.
 *
 * @throws TractError `plan-stale` when it has left the commit that the result speaks for.
 */
async function readNewer(
  { store }: Engine,
  { target, childHead }: Proposal,
  head: Proposal["childHead"] | null,
): Promise<number> {
  if (head === childHead) return 0;
  const { tract } = target.child;
  if (head !== null && (await store.isReachable(tract, childHead, head)))
    return await store.countReachable(tract, head, childHead);
  throw new TractError("plan-stale", "the child is no longer on the commit that the plan was made for", {
    hint: "Collapse the child anew.",
    data: { child: target.child, child_head: childHead, head },
  });
}

function chooseStrategy({ strategy, summary, action }: CollapseRequest): CollapseStrategy {
  if (action !== undefined) throw invalid("action", "no action without plan_id");
  const chosen = strategy ?? (summary === undefined ? "last_output" : "manual");
  if (chosen === "manual" && summary === undefined)
    throw invalid("summary", "the result in your words with strategy manual");
  if ((chosen === "last_output" || chosen === "llm") && summary !== undefined)
    throw invalid("summary", `no summary with strategy ${chosen}`);
  return chosen;
}

function checkPlanRequest(request: CollapseRequest): void {
  const { action, summary } = request;
  for (const name of ["child", "into", "strategy", "force"] as const)
    if (request[name] !== undefined) throw invalid(name, `no ${name} with plan_id: the plan says it`);
  if (action === "edit" && summary === undefined) throw invalid("summary", "the new text of the plan");
  if ((action === "approve" || action === "reject") && summary !== undefined)
    throw invalid("summary", `no summary with action ${action}`);
  if (action === undefined && summary === undefined)
    throw invalid("action", "approve or reject, or a summary to commit");
}

function gone(child: string): TractError {
  return new TractError("nothing-to-do", `child ${JSON.stringify(child)} has no commits any more`, {
    hint: "See lineage for where the children stand.",
    data: { child },
  });
}

function invalid(path: string, expected: string): TractError {
  return new TractError("invalid-argument", `${path}: expected ${expected}`, {
    hint: "Correct this argument and call again; nothing was stored.",
    data: { path, expected },
  });
}
