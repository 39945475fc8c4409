/** What compress gives back: what was done, or a plan that waits for summaries or for approval (spec 8). */
import type { Hash } from "../../storage/records.ts";
import type { LostFact } from "./guard.ts";

export interface CompressedGroup {
  readonly sources: readonly Hash[];
  /** The commit that stands there now: a summary, or an edit with a receipt. null in a dry run. */
  readonly summary: Hash | null;
  /** Of the same messages before and after, framing included. */
  readonly originalTokens: number;
  readonly compressedTokens: number;
}

interface Place {
  /** null when nothing was written that could be undone. */
  readonly operationId: string | null;
  readonly branch: string;
  readonly head: Hash;
  readonly warnings: readonly string[];
}

/** Done; in a dry run, what would be. */
export interface Compressed extends Place {
  readonly kind: "compressed";
  readonly dryRun: boolean;
  readonly strategy: string;
  /** The plan that was applied; null without one. */
  readonly planId: string | null;
  readonly groups: readonly CompressedGroup[];
  readonly originalTokens: number;
  readonly compressedTokens: number;
  /** Original tokens for each that is left. */
  readonly ratio: number;
  /** Facts that the guard put back into summaries under "Kept verbatim". */
  readonly keptCount: number;
  /** Facts that no summary has any more; expand brings them back. */
  readonly lost: readonly LostFact[];
  /** Compiled size of the branch. */
  readonly contextTokensBefore: number;
  readonly contextTokens: number;
}

export interface PlannedGroup {
  readonly id: string;
  readonly sources: readonly Hash[];
  /** What is to be summarised, whole. */
  readonly text: string;
  readonly mustKeep: readonly string[];
  readonly originalTokens: number;
  readonly targetTokens: number;
  /** The summary that waits for approval; null: not written yet. */
  readonly summary: string | null;
}

export interface CompressPlan {
  /** null in a dry run. */
  readonly planId: string | null;
  /** The strategy whose name the summaries will bear. */
  readonly strategy: string;
  /** The caller's words for whoever writes the summaries. */
  readonly instructions: string | null;
  readonly groups: readonly PlannedGroup[];
  /** Tool results that become receipts with it. */
  readonly edits: readonly {
    readonly target: Hash;
    readonly originalTokens: number;
    readonly tokens: number;
  }[];
  /** True: every summary is there, it waits for approval alone. */
  readonly isReady: boolean;
}

/** Nothing has changed yet. */
export interface PlannedCompress extends Place {
  readonly kind: "planned";
  readonly dryRun: boolean;
  readonly plan: CompressPlan;
  readonly contextTokens: number;
}

/** `head` is the one that the plan was made for. */
export interface RejectedPlan extends Place {
  readonly kind: "rejected";
  readonly planId: string;
}

export type CompressResult = Compressed | PlannedCompress | RejectedPlan;
