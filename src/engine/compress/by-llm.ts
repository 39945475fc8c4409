/** Has an LLM write the summaries that a plan waits for; each passes the guard like anybody else's (spec 3.5). */
import { z } from "zod";
import { TractError } from "../errors.ts";
import type { Inquiry, InquiryWords } from "../llm/inquiry.ts";
import { compressPrompt } from "../llm/prompts/compress.ts";
import { askedAgain, quoted } from "../llm/prompts/prompt.ts";
import { type AcceptedSummary, judgeSummary } from "./accept-summary.ts";
import { keepListOf, type SummaryGroup } from "./groups.ts";
import type { BranchContext } from "./head-context.ts";
import type { PlanDraft, Work } from "./plan-draft.ts";

export const SUMMARY_WORDS: InquiryWords = {
  operation: "compress",
  without: "Without one: strategy agent gives you the texts, and you write the summaries.",
  afterFailure: "Nothing was compressed; strategy agent lets you write the summaries yourself.",
};

/**
 * The plan with its summaries. A dry run asks nobody and shows the plan.
 *
 * @throws TractError `summary-refused` (twice by the guard), and all that asking throws.
 */
export async function byLlm(
  context: BranchContext,
  draft: PlanDraft,
  { inquiry, isDryRun }: { readonly inquiry: Inquiry; readonly isDryRun: boolean },
): Promise<Work> {
  const { groups, body, warnings } = draft;
  if (isDryRun)
    return {
      kind: "plan",
      draft: { ...draft, warnings: [...warnings, "a dry run asks no LLM: it would write these summaries"] },
    };
  const { strategy, instructions, edits, params } = body;
  const summaries = await inquiry.each(groups, async (group, index) => {
    const path = groups.length === 1 ? "summary" : `summaries[${index}]`;
    return await summaryOf(context, group, { inquiry, instructions, path });
  });
  return { kind: "outcome", outcome: { strategy, edits, summaries, warnings, params } };
}

async function summaryOf(
  { count }: BranchContext,
  group: SummaryGroup,
  how: { readonly inquiry: Inquiry; readonly instructions: string | null; readonly path: string },
): Promise<AcceptedSummary> {
  const { inquiry, instructions, path } = how;
  const { text: source, targetTokens, sources, shown } = group;
  const material = { inputs: sources, quotes: shown };
  const judge = (text: string, generationConfig: AcceptedSummary["generationConfig"]) =>
    judgeSummary(group, { strategy: "llm", text, path, generationConfig }, count);
  const prompt = compressPrompt({ source, mustKeep: keepListOf(group), targetTokens, instructions });
  const first = await inquiry.ask(prompt, material);
  const judged = judge(first.text, first.config);
  if (!(judged instanceof TractError)) return judged;
  const problem = problemOf(judged);
  if (problem === null) throw judged;
  const second = await inquiry.ask(askedAgain(prompt, first.text, problem), material);
  const again = judge(second.text, second.config);
  if (again instanceof TractError) throw refusedTwice(again);
  return again;
}

const REFUSAL = z.object({
  reason: z.string().optional(),
  missing: z.array(z.object({ match: z.string().nullable(), pattern: z.string() })).default([]),
  tokens: z.number().optional(),
  source_tokens: z.number().optional(),
  target_tokens: z.number().optional(),
});

/** What a refused summary lacks, for whoever wrote it; null when writing it again cannot help. */
export function problemOf({ code, data }: TractError): string | null {
  const read = REFUSAL.safeParse(data);
  if (code !== "summary-refused" || !read.success || read.data.reason === "pattern") return null;
  const { reason, missing, tokens, source_tokens: sourceTokens, target_tokens: target } = read.data;
  if (reason === "longer")
    return `It has ${tokens} tokens with its framing, and the messages have only ${sourceTokens}; write at most ${target}.`;
  const lines = missing.map(({ match, pattern }) =>
    match === null ? `text that matches ${pattern}` : match,
  );
  return `It lacks these, which have to be in it word for word:\n${quoted("missing", lines.map((line) => `- ${line}`).join("\n"))}`;
}

/** The error of the second refusal. */
export function refusedTwice({ code, message, data }: TractError): TractError {
  return new TractError(code, `${message}; the LLM was asked twice`, {
    hint: "data has what is wrong with it. Try another model.",
    data,
  });
}
