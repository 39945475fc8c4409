/** Makes room for planned commits on a branch whose budget says compact: in the same operation, without an LLM (spec 1.7). */
import type { Hash } from "../../storage/records.ts";
import { measurePlanned } from "../compile/measure.ts";
import type { Engine } from "../engine.ts";
import type { SizeChange } from "./budget.ts";
import { pointAt } from "./context-size.ts";
import { type CommitBase, type CommitItem, type PlannedCommits, planCommits } from "./plan-commit.ts";
import type { Budget, TractSettings } from "./settings.ts";
import type { Site } from "./snapshot.ts";

/** A context that has become too large. */
export interface CrowdedContext {
  readonly site: Site;
  /** Stand on the head of the site, and stay as they are. */
  readonly planned: PlannedCommits;
  readonly maxTokens: number;
}

/** What makes room: commits, and what they replace. */
export interface Compaction {
  readonly items: readonly CommitItem[];
  /** Tool results that become receipts. */
  readonly maskedCount: number;
  readonly summaryCount: number;
  /** Commits that summaries and receipts stand for. */
  readonly sources: readonly Hash[];
  /** Of the sources before and after, framing included. */
  readonly originalTokens: number;
  readonly compressedTokens: number;
}

/** Plans the deterministic compaction of a tract; null when nothing can be made smaller. Compress gives it, which history cannot import. */
export type Compact = (engine: Engine, context: CrowdedContext) => Promise<Compaction | null>;

export interface Room {
  /** With the commits that made it. */
  readonly planned: PlannedCommits;
  readonly compaction: Compaction;
  readonly size: SizeChange;
}

/** null unless the budget says compact, is exceeded, and something can be done about it. */
export async function makeRoom(
  engine: Engine,
  input: {
    readonly site: Site;
    readonly base: CommitBase;
    readonly planned: PlannedCommits;
    readonly settings: TractSettings;
    readonly size: SizeChange;
  },
): Promise<Room | null> {
  const { site, base, planned, settings, size } = input;
  if (!isCrowded(settings.budget, size)) return null;
  const compaction = await engine.compact(engine, { site, planned, maxTokens: settings.budget.max_tokens });
  if (compaction === null) return null;
  const parent = planned.chain.at(-1)?.commit ?? base.parent;
  const made = planCommits({ ...base, parent }, compaction.items);
  const joined = {
    chain: [...planned.chain, ...made.chain],
    contents: [...planned.contents, ...made.contents],
    annotations: [...planned.annotations, ...made.annotations],
  };
  const at = pointAt(engine, site, site.head?.hash ?? null, settings);
  const after = await measurePlanned(engine, at, joined);
  return { planned: joined, compaction, size: { before: size.before, after: after.tokens } };
}

function isCrowded(budget: TractSettings["budget"], { after }: SizeChange): budget is Budget {
  return budget !== null && budget.action === "compact" && after > budget.max_tokens;
}

/** What was done, for the result and the ledger. */
export function roomWords({
  maskedCount,
  summaryCount,
  originalTokens,
  compressedTokens,
}: Compaction): string {
  const parts = [
    ...(maskedCount === 0 ? [] : [`${maskedCount} tool ${maskedCount === 1 ? "result" : "results"} masked`]),
    ...(summaryCount === 0 ? [] : [`${summaryCount} ${summaryCount === 1 ? "summary" : "summaries"} made`]),
  ];
  return `${parts.join(", ")}: ${originalTokens} tokens became ${compressedTokens}`;
}
