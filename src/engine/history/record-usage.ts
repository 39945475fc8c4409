/** Keeps what an LLM's API reported for a head, which is from then on how large its context is (spec 1.7; spec 9, 27). */

import { emptyChange, type NewUsage } from "../../storage/change-set.ts";
import type { Hash, UsageRecord } from "../../storage/records.ts";
import type { Engine } from "../engine.ts";
import { TractError } from "../errors.ts";
import { invariant } from "../invariant.ts";
import { ledgerEntry } from "../ledger/entry.ts";
import { type ReportedUsage, readUsage } from "../ledger/usage.ts";
import { COMPILER_VERSION } from "../versions.ts";
import { isoNow, publishPlan } from "./publish.ts";
import { reportedSource } from "./reported-size.ts";
import { resolveRef } from "./revision.ts";

export interface RecordUsageRequest {
  readonly usage: ReportedUsage;
  /** A ref: the commit of the reply. Default: HEAD. */
  readonly head?: string | undefined;
  /** What HEAD means; default: the worktree's branch. */
  readonly branch?: string | undefined;
}

export interface RecordUsageResult {
  readonly head: Hash;
  /** Size of the context at that head from now on. */
  readonly tokenCount: number;
  /** `api:<prompt>+<completion>` */
  readonly tokenSource: string;
}

/**
 * Records usage; a report for the same head takes the place of the one before. Not an operation: undo leaves it.
 *
 * @throws TractError `invalid-argument` for the usage, `not-found` or `ambiguous-ref` for the head, `nothing-to-do` on an unborn branch.
 */
export async function recordUsage(engine: Engine, request: RecordUsageRequest): Promise<RecordUsageResult> {
  const [promptTokens, completionTokens] = readReport(request.usage);
  return await publishPlan(engine, async () => {
    const { commit } = await resolveRef(engine, { ref: request.head, branch: request.branch });
    if (commit === null) throw unborn();
    const usage = { commit, promptTokens, completionTokens, createdAt: isoNow(engine) };
    const [before] = await engine.store.readUsages(engine.scope.tract, [commit]);
    const ledger = [usageEntry(engine, usage, before)];
    return {
      change: { ...emptyChange(engine.scope.tract), usages: [usage], ledger },
      result: () => ({
        head: commit,
        tokenCount: promptTokens + completionTokens,
        tokenSource: reportedSource(usage),
      }),
    };
  });
}

/**
 * A report for the change set that also makes the reply's commit.
 *
 * @throws TractError `invalid-argument`.
 */
export function planUsage(commit: Hash, usage: ReportedUsage, now: string): NewUsage {
  const [promptTokens, completionTokens] = readReport(usage);
  return { commit, promptTokens, completionTokens, createdAt: now };
}

function readReport(usage: ReportedUsage): readonly [promptTokens: number, completionTokens: number] {
  const { input_tokens: input, output_tokens: output } = readUsage(usage ?? "nothing");
  invariant(
    typeof input === "number" && typeof output === "number",
    "a usage that was read has both numbers",
  );
  return [input, output];
}

/**
 * A call that the host made itself: its tokens count in the sums of the ledger.
 *
 * @param before What was reported for this head until now, and is in those sums.
 */
function usageEntry(
  engine: Engine,
  { commit, promptTokens, completionTokens, createdAt }: NewUsage,
  before: UsageRecord | undefined,
): ReturnType<typeof ledgerEntry> {
  return ledgerEntry(engine, createdAt, {
    eventType: "LLM_CALL",
    submissionId: engine.scope.provenance.session_id ?? commit,
    decision: "OK",
    reason: `Usage reported: ${promptTokens} + ${completionTokens} tokens`,
    promptsUsed: [`compile@${COMPILER_VERSION}`],
    metadata: {
      operation: "record_usage",
      commit,
      input_tokens: promptTokens,
      output_tokens: completionTokens,
      ...(before === undefined
        ? {}
        : { replaces: { input_tokens: before.promptTokens, output_tokens: before.completionTokens } }),
    },
  });
}

function unborn(): TractError {
  return new TractError("nothing-to-do", "there is no commit to record usage for", {
    hint: "Commit the reply first, then record what its call used.",
    data: { path: "head" },
  });
}
