/** The deterministic compaction of a context that has outgrown its budget: receipts first, then extracts of the oldest messages (spec 1.7). */
import type { Hash } from "../../storage/records.ts";
import { plannedDraft } from "../compile/measure.ts";
import type { Engine } from "../engine.ts";
import { TractError } from "../errors.ts";
import type { Compaction, CrowdedContext } from "../history/make-room.ts";
import type { AcceptedSummary } from "./accept-summary.ts";
import { extractOf } from "./extract-group.ts";
import { groupsOf } from "./groups.ts";
import { type Block, type HeadContext, headContext, oldBlocks, WHOLE_CONTEXT } from "./head-context.ts";
import { compressedGroups, outcomeItems } from "./outcome.ts";
import { enoughOf, type ReceiptOptions, receiptsFor, savedBy } from "./receipts.ts";
import { selectForSize } from "./select-for-size.ts";
import type { MaskEdit } from "./strategies/receipt.ts";

/** More room than is needed now, so that the context, and with it a provider's cache, changes seldom. */
const ROOM_SHARE = 0.75;
/** Tried in this order until there is room. */
const STEPS: readonly ReceiptOptions[] = [
  { keep: 10, isDedupe: false },
  { keep: 2, isDedupe: false },
  { keep: 2, isDedupe: true },
];

/** As far as it goes: the caller measures whether that is enough. The planned commits and the last request are left whole. */
export async function compact(engine: Engine, crowded: CrowdedContext): Promise<Compaction | null> {
  const context = await contextAfter(engine, crowded);
  const targetTokens = Math.floor(crowded.maxTokens * ROOM_SHARE);
  const free = freeBlocks(context, crowded);
  const receipts = receiptsToFit(context, free, context.tokens - targetTokens);
  const left = context.tokens - savedBy(receipts);
  const summaries = left <= targetTokens ? [] : extracts(context, free, receipts, targetTokens);
  const inside = new Set(summaries.flatMap(({ group }) => group.sources));
  const edits = receipts.filter(({ target }) => !inside.has(target));
  if (edits.length + summaries.length === 0) return null;
  const groups = compressedGroups({ edits, summaries }, []);
  return {
    items: outcomeItems(engine, { edits, summaries }),
    maskedCount: edits.length,
    summaryCount: summaries.length,
    sources: groups.flatMap(({ sources }) => sources),
    originalTokens: groups.reduce((sum, group) => sum + group.originalTokens, 0),
    compressedTokens: groups.reduce((sum, group) => sum + group.compressedTokens, 0),
  };
}

async function contextAfter(engine: Engine, { site, planned }: CrowdedContext): Promise<HeadContext> {
  const encoding = site.tract?.encoding ?? engine.settings.encoding;
  const annotationSequence = site.tract?.annotationSequence ?? 0;
  const head = site.head?.hash ?? null;
  const draft = await plannedDraft(
    engine,
    { tract: engine.scope.tract, encoding, head, annotationSequence },
    planned,
    WHOLE_CONTEXT,
  );
  return await headContext(engine, draft, encoding);
}

function freeBlocks(context: HeadContext, { planned }: CrowdedContext): readonly Block[] {
  const whole = new Set<Hash | null>(planned.chain.flatMap(({ commit }) => [commit.hash, commit.editTarget]));
  return oldBlocks(context, context.blocks).filter(
    ({ fixed, entries }) => fixed === null && !entries.some(({ hash }) => whole.has(hash)),
  );
}

function receiptsToFit(context: HeadContext, free: readonly Block[], excess: number): readonly MaskEdit[] {
  let edits: readonly MaskEdit[] = [];
  for (const step of STEPS) {
    edits = receiptsFor(context, free, step);
    if (savedBy(edits) >= excess) return enoughOf(edits, excess);
  }
  return edits;
}

function extracts(
  context: HeadContext,
  free: readonly Block[],
  receipts: readonly MaskEdit[],
  targetTokens: number,
): readonly AcceptedSummary[] {
  const saved = new Map(receipts.map((edit) => [edit.target, edit.originalTokens - edit.tokens]));
  const costOf = (block: Block): number =>
    block.entries.reduce((tokens, { hash }) => tokens - (saved.get(hash) ?? 0), block.tokens);
  const contextTokens = context.tokens - savedBy(receipts);
  const normal = free.filter(({ isImportant }) => !isImportant);
  const { blocks } = selectForSize(normal, { contextTokens, targetTokens }, costOf);
  return groupsOf(context, blocks).flatMap((group, index) => {
    const made = extractOf(group, index, context.count);
    // What cannot be summarised as its retain rules want it stays as it is.
    if (made === null || made instanceof TractError) return [];
    const now = group.sources.reduce((tokens, hash) => tokens - (saved.get(hash) ?? 0), group.tokens);
    return made.tokens < now ? [made] : [];
  });
}
