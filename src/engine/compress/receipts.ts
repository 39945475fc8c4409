/** The receipts that old tool results of a context can become: strategies mask and dedupe, one, the other or both (spec 3.5). */
import type { Hash } from "../../storage/records.ts";
import type { Block, HeadContext } from "./head-context.ts";
import { protectionBy } from "./retain-rules.ts";
import { dedupeResults } from "./strategies/dedupe.ts";
import { maskResults } from "./strategies/mask.ts";
import type { MaskEdit } from "./strategies/receipt.ts";

export interface ReceiptOptions {
  /** Newest tool results of the whole context that mask leaves; null: no masking. */
  readonly keep: number | null;
  readonly isDedupe: boolean;
}

/** Receipts within the blocks, in the order of history, those of mask first. What is newest is judged by the whole context. */
export function receiptsFor(
  context: HeadContext,
  blocks: readonly Block[],
  { keep, isDedupe }: ReceiptOptions,
): readonly MaskEdit[] {
  const { units, count, draft } = context;
  const isProtected = protectionBy(draft.annotations);
  const masked = keep === null ? [] : maskResults(units, { keep, isProtected, count });
  const done = new Set(masked.map(({ target }) => target));
  const deduped = isDedupe
    ? dedupeResults(units, { isProtected, count }).filter(({ target }) => !done.has(target))
    : [];
  const inside = new Set<Hash>(blocks.flatMap(({ entries }) => entries.map(({ hash }) => hash)));
  return [...masked, ...deduped].filter(({ target }) => inside.has(target));
}

export function savedBy(edits: readonly MaskEdit[]): number {
  return edits.reduce((sum, { originalTokens, tokens }) => sum + originalTokens - tokens, 0);
}

/** As many of the edits, from the first, as save so many tokens; all when they do not. */
export function enoughOf(edits: readonly MaskEdit[], excess: number): readonly MaskEdit[] {
  let saved = 0;
  const end = edits.findIndex((edit) => {
    saved += edit.originalTokens - edit.tokens;
    return saved >= excess;
  });
  return end < 0 ? edits : edits.slice(0, end + 1);
}
