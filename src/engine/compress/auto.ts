/** Strategy `auto`: what reaches the target with the least: mask, then dedupe, then a plan for summaries of the rest (spec 3.5). */
import type { Engine } from "../engine.ts";
import { type Block, type BranchContext, oldBlocks } from "./head-context.ts";
import { agentPlan, type Work } from "./plan-draft.ts";
import { enoughOf, receiptsFor, savedBy } from "./receipts.ts";
import type { StrategyRequest } from "./request.ts";
import { type Selection, select } from "./select.ts";
import { type SizeGoal, SUMMARY_SHARE, selectForSize } from "./select-for-size.ts";
import { nothingSelected, withinTarget } from "./selection-words.ts";
import { MASK_KEEP_DEFAULT } from "./strategies/mask.ts";
import type { MaskEdit } from "./strategies/receipt.ts";

/**
 * With a size for the whole context: as many receipts as reach it; if all of them do not, a plan that applies them together with summaries of
 * the oldest messages. With a selection: receipts alone if they leave no more than summaries would, else a plan for the selection.
 */
export async function chooseAutomatically(
  engine: Engine,
  context: BranchContext,
  request: StrategyRequest,
): Promise<Work> {
  const { targetTokens } = request.selection;
  if (targetTokens !== undefined)
    return forSize(context, request, { contextTokens: context.tokens, targetTokens });
  const selection = await select(engine, context, request.selection);
  const edits = receipts(context, selection.blocks, request);
  const tokens = selection.blocks.reduce((sum, block) => sum + block.tokens, 0);
  if (tokens - savedBy(edits) <= tokens * SUMMARY_SHARE)
    return receiptsAlone(edits, selection.params, selection.warnings);
  // What is summarised needs no receipt.
  return { kind: "plan", draft: agentPlan(context, selection, request) };
}

function forSize(context: BranchContext, request: StrategyRequest, goal: SizeGoal): Work {
  const { contextTokens, targetTokens } = goal;
  const excess = contextTokens - targetTokens;
  const params = { target_tokens: targetTokens };
  if (excess <= 0) throw withinTarget(goal);
  const free = context.blocks.filter(({ fixed }) => fixed === null);
  const edits = receipts(context, free, request);
  if (savedBy(edits) >= excess) return receiptsAlone(enoughOf(edits, excess), params, []);
  const saved = new Map(edits.map((edit) => [edit.target, edit.originalTokens - edit.tokens]));
  const costOf = (block: Block): number =>
    block.entries.reduce((tokens, { hash }) => tokens - (saved.get(hash) ?? 0), block.tokens);
  const left = { contextTokens: contextTokens - savedBy(edits), targetTokens };
  const { blocks, isReached } = selectForSize(oldBlocks(context, free), left, costOf);
  const warnings = isReached
    ? []
    : [`about ${targetTokens} tokens will not be reached: what stays as it is has too many`];
  if (blocks.length === 0 && edits.length > 0) return receiptsAlone(edits, params, warnings);
  if (blocks.length === 0)
    throw nothingSelected(
      "the context has nothing that may be compressed",
      context.blocks.filter(({ fixed }) => fixed !== null),
    );
  const inside = new Set(blocks.flatMap(({ entries }) => entries.map(({ hash }) => hash)));
  const outside = edits.filter(({ target }) => !inside.has(target));
  const now = { contextTokens: contextTokens - savedBy(outside), targetTokens };
  const selection = { blocks, warnings, params, goal: now, isListed: false };
  return { kind: "plan", draft: agentPlan(context, selection, request, outside) };
}

function receipts(
  context: BranchContext,
  blocks: readonly Block[],
  { keep }: StrategyRequest,
): readonly MaskEdit[] {
  return receiptsFor(context, blocks, { keep: keep ?? MASK_KEEP_DEFAULT, isDedupe: true });
}

function receiptsAlone(
  edits: readonly MaskEdit[],
  params: Selection["params"],
  warnings: readonly string[],
): Work {
  return { kind: "outcome", outcome: { strategy: "auto", edits, summaries: [], warnings, params } };
}
