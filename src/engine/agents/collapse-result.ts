/** What collapse takes and gives back (spec 3.6, 8). */
import type { Hash } from "../../storage/records.ts";
import type { LostFact } from "../compress/guard.ts";
import type { WriteResult } from "../history/commit.ts";
import type { ChildPlace } from "../history/spawn-link.ts";
import type { InquiryRequest } from "../llm/inquiry.ts";

export type CollapseStrategy = "manual" | "agent" | "llm" | "last_output";
export const COLLAPSE_ACTIONS = ["edit", "approve", "reject"] as const;
export type CollapseAction = (typeof COLLAPSE_ACTIONS)[number];

export interface CollapseRequest extends InquiryRequest {
  /** Worktree, branch or tract of a child; required but with `planId`. */
  readonly child?: string | undefined;
  /** Branch of this tract. Default: the one that the child was spawned on. */
  readonly into?: string | undefined;
  /** The result in the caller's words: of strategy manual, or for a plan. */
  readonly summary?: string | undefined;
  /**
   * `manual`: `summary` is the result; default when there is one. `last_output`: the child's last message; default without. `agent`: gives a
   * plan with the child's work as text, to be finished with `planId` and `summary`. `llm`: a configured LLM writes the summary.
   */
  readonly strategy?: CollapseStrategy | undefined;
  /** Stores the result as a plan that waits for `action` approve or reject. */
  readonly review?: boolean | undefined;
  /** Also into a branch or tract that is not the child's parent, and when the spawn was undone. */
  readonly force?: boolean | undefined;
  readonly planId?: string | undefined;
  /** What to do with the plan; without it, `summary` is committed. `edit` stores `summary` in the plan. */
  readonly action?: CollapseAction | undefined;
}

/** Done. */
export interface Collapsed extends WriteResult {
  readonly kind: "collapsed";
  readonly child: ChildPlace;
  /** The result on the parent's branch. */
  readonly commit: Hash;
  /** Of the result's text. */
  readonly summaryTokens: number;
  /** Of what the child added to its context, framing included. */
  readonly sourceTokens: number;
  readonly lost: readonly LostFact[];
}

export interface CollapsePlan {
  readonly planId: string;
  readonly child: ChildPlace;
  readonly strategy: CollapseStrategy;
  /** The child's work; of a long one its end. */
  readonly text: string;
  readonly mustKeep: readonly string[];
  readonly sourceTokens: number;
  readonly targetTokens: number;
  /** The result that waits for approval; null: not written yet. */
  readonly summary: string | null;
}

/** Nothing has changed yet. */
export interface PlannedCollapse extends Omit<WriteResult, "operationId"> {
  readonly kind: "planned";
  readonly operationId: null;
  readonly plan: CollapsePlan;
}

export interface RejectedCollapse extends Omit<WriteResult, "operationId"> {
  readonly kind: "rejected";
  readonly operationId: null;
  readonly planId: string;
}

export type CollapseResult = Collapsed | PlannedCollapse | RejectedCollapse;
