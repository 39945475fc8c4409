/** Chooses what to summarise so that a context reaches a size: the oldest, least important blocks first (spec 3.5). Pure. */
import type { Block } from "./head-context.ts";

export interface SizeGoal {
  /** Of the whole context now. */
  readonly contextTokens: number;
  readonly targetTokens: number;
}

/** A summary is planned to have this part of the tokens that it stands for: what good summaries of transcripts need, found by trying. */
export const SUMMARY_SHARE = 0.3;
/** What a summary costs besides its text: framing, and the line that says what it is. */
export const SUMMARY_OVERHEAD_TOKENS = 14;

export interface SizeSelection {
  /** In order. */
  readonly blocks: readonly Block[];
  readonly isReached: boolean;
}

/**
 * @param free blocks in order that may be summarised.
 * @param costOf tokens of a block, where that is not what it has now.
 */
export function selectForSize(
  free: readonly Block[],
  { contextTokens, targetTokens }: SizeGoal,
  costOf: (block: Block) => number = ({ tokens }) => tokens,
): SizeSelection {
  const excess = contextTokens - targetTokens;
  const chosen = new Set<number>();
  let saved = 0;
  for (const block of [...free.filter((one) => !one.isImportant), ...free.filter((one) => one.isImportant)]) {
    if (saved >= excess) break;
    // A block beside chosen ones shares their summary; one between two makes one summary of them.
    const neighbours = Number(chosen.has(block.index - 1)) + Number(chosen.has(block.index + 1));
    saved += costOf(block) * (1 - SUMMARY_SHARE) - (1 - neighbours) * SUMMARY_OVERHEAD_TOKENS;
    chosen.add(block.index);
  }
  return { blocks: free.filter(({ index }) => chosen.has(index)), isReached: saved >= excess };
}
