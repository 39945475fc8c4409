/** Checks what a caller asks of compress: which arguments go together, and which strategy takes which (spec 3.5, 8). */
import type { Limits } from "../limits.ts";
import type { InquiryRequest } from "../llm/inquiry.ts";
import { refuseConfig } from "../llm/resolve-config.ts";
import { nearest } from "../nearest.ts";
import { PLAN_ACTIONS, type PlanAction, type PlanRequest } from "./act-on-plan.ts";
import type { SelectionRequest } from "./select.ts";
import { wrong } from "./selection-words.ts";

export const COMPRESS_STRATEGIES = ["mask", "dedupe", "extract", "manual", "agent", "llm", "auto"] as const;
export type CompressStrategy = (typeof COMPRESS_STRATEGIES)[number];

export interface CompressRequest extends SelectionRequest, InquiryRequest {
  /** Default: manual with a summary, else auto. With llm, and with auto where there is one, an LLM writes the summaries. */
  readonly strategy?: CompressStrategy | undefined;
  /** mask, auto: newest tool results that stay whole. Default: 10. */
  readonly keep?: number | undefined;
  /** manual: for one group; with a plan: for a plan of one group. */
  readonly summary?: string | undefined;
  /** One per group, in order. */
  readonly summaries?: readonly string[] | undefined;
  /** agent, llm, auto: words for whoever writes the summaries. */
  readonly instructions?: string | undefined;
  /** A plan of an earlier call. */
  readonly planId?: string | undefined;
  /** With planId. Default: apply the plan. */
  readonly action?: PlanAction | undefined;
  /** Store a plan to edit, approve or reject later instead of doing it. */
  readonly review?: boolean | undefined;
  /** Say what would be done; nothing is stored, and no LLM asked. */
  readonly dryRun?: boolean | undefined;
  /** Default: the worktree's branch; with a plan, the plan's. */
  readonly branch?: string | undefined;
}

/** A request by strategy, checked. */
export interface StrategyRequest {
  readonly strategy: CompressStrategy;
  readonly selection: SelectionRequest;
  readonly keep: number | null;
  readonly summaries: readonly string[] | null;
  readonly instructions: string | null;
  readonly isReview: boolean;
  readonly isDryRun: boolean;
  readonly branch: string | undefined;
}

export type CheckedRequest =
  | { readonly kind: "strategy"; readonly request: StrategyRequest }
  | { readonly kind: "plan"; readonly request: PlanRequest };

/** @throws TractError `invalid-argument`. */
export function checkRequest(limits: Limits, request: CompressRequest): CheckedRequest {
  const summaries = readSummaries(limits, request);
  if (request.planId !== undefined)
    return { kind: "plan", request: planRequest(request, request.planId, summaries) };
  if (request.action !== undefined) throw wrong("action", "a plan_id beside it");
  const strategy = readStrategy(request.strategy ?? (summaries === null ? "auto" : "manual"));
  const selection = readSelection(limits, request, strategy);
  if ((summaries !== null) !== (strategy === "manual"))
    throw strategy === "manual"
      ? wrong("summary", "summary or summaries with strategy manual")
      : wrong("summaries", `no summaries with strategy ${strategy}`);
  if (request.keep !== undefined && strategy !== "mask" && strategy !== "auto")
    throw wrong("keep", `no keep with strategy ${strategy}`);
  if (strategy !== "llm" && strategy !== "auto") refuseConfig(request, `strategy ${strategy}`);
  if (request.instructions !== undefined && !["agent", "llm", "auto"].includes(strategy))
    throw wrong("instructions", `no instructions with strategy ${strategy}: nobody would read them`);
  if (request.review === true && strategy === "agent")
    throw wrong(
      "review",
      "no review with strategy agent",
      "Its plan waits anyway: give the summaries with action edit, then approve it.",
    );
  return {
    kind: "strategy",
    request: {
      strategy,
      selection,
      keep: readCount("keep", request.keep, 0) ?? null,
      summaries,
      instructions: readInstructions(limits, request.instructions),
      isReview: request.review ?? false,
      isDryRun: request.dryRun ?? false,
      branch: request.branch,
    },
  };
}

function planRequest(
  request: CompressRequest,
  planId: string,
  summaries: readonly string[] | null,
): PlanRequest {
  refuseConfig(request, "plan_id");
  const {
    planId: _,
    action,
    summary: __,
    summaries: ___,
    dryRun,
    branch,
    signal: ____,
    progress: _____,
    ...rest
  } = request;
  const other = Object.entries(rest).find(([, value]) => value !== undefined)?.[0];
  if (other !== undefined)
    throw wrong(
      other,
      "nothing beside plan_id but action, summaries and dry_run",
      "The plan says all else; leave it out.",
    );
  if (action !== undefined && !PLAN_ACTIONS.includes(action))
    throw wrong("action", `one of ${PLAN_ACTIONS.join(", ")}`);
  if (summaries !== null && action === "reject") throw wrong("summaries", "none with action reject");
  if (dryRun === true && action !== undefined && action !== "approve")
    throw wrong("dry_run", `no dry_run with action ${action}`);
  return { planId, action: action ?? null, summaries, branch, isDryRun: dryRun ?? false };
}

function readStrategy(strategy: string): CompressStrategy {
  const known = COMPRESS_STRATEGIES.find((word) => word === strategy);
  if (known !== undefined) return known;
  const near = nearest(strategy, COMPRESS_STRATEGIES);
  throw wrong(
    "strategy",
    `one of ${COMPRESS_STRATEGIES.join(", ")}`,
    near.length > 0 ? `Did you mean ${near.join(" or ")}?` : undefined,
  );
}

const WAYS = "from and to, commits, older_than, or target_tokens";

function readSelection(
  limits: Limits,
  request: CompressRequest,
  strategy: CompressStrategy,
): SelectionRequest {
  const { from, to, commits, olderThan, targetTokens } = request;
  const ways = [from ?? to, commits, olderThan, targetTokens].filter((way) => way !== undefined).length;
  if (ways > 1) throw wrong("commits", `one way of selecting: ${WAYS}`);
  if (ways === 0 && strategy !== "mask" && strategy !== "dedupe")
    throw wrong(
      "from",
      `a selection with strategy ${strategy}: ${WAYS}`,
      `Say what to compress with ${WAYS}; mask and dedupe alone need none.`,
    );
  if (commits !== undefined && (commits.length === 0 || commits.length > limits.batchItemsMax))
    throw wrong("commits", `1 to ${limits.batchItemsMax} commits`);
  return {
    from,
    to,
    commits,
    olderThan: readCount("older_than", olderThan, 0),
    targetTokens: readCount("target_tokens", targetTokens, 1),
  };
}

function readCount(path: string, value: number | undefined, min: number): number | undefined {
  if (value === undefined || (Number.isSafeInteger(value) && value >= min)) return value;
  throw wrong(path, `a whole number of at least ${min}`);
}

function readSummaries(limits: Limits, { summary, summaries }: CompressRequest): readonly string[] | null {
  if (summary !== undefined && summaries !== undefined)
    throw wrong("summary", "summary or summaries, not both");
  if (summaries !== undefined && (summaries.length === 0 || summaries.length > limits.batchItemsMax))
    throw wrong("summaries", `1 to ${limits.batchItemsMax} summaries`);
  return summary === undefined ? (summaries ?? null) : [summary];
}

function readInstructions(limits: Limits, instructions: string | undefined): string | null {
  if (instructions === undefined) return null;
  if (instructions.isWellFormed() && instructions.length <= limits.messageCharsMax) return instructions;
  throw wrong("instructions", `at most ${limits.messageCharsMax} characters of well-formed Unicode`);
}
