/** The prompt `compress`: how large the context is, what makes it so, and how to make it smaller (spec 6.2). */
import type { GetPromptResult } from "@modelcontextprotocol/server";
import { largestMaskable, type MaskableResult } from "../../engine/compress/maskable.ts";
import type { Engine } from "../../engine/engine.ts";
import { type StatusResult, status } from "../../engine/history/status.ts";
import { count, oneLine, plural, shortHashes } from "../../tools/render.ts";

export interface CompressArguments {
  readonly branch?: string | undefined;
  readonly target_tokens?: number | undefined;
}

export async function compressPrompt(
  engine: Engine,
  { branch, target_tokens: targetTokens }: CompressArguments,
): Promise<GetPromptResult> {
  const state = await status(engine, { branch });
  const isCompressible = state.head !== null && state.branch !== null;
  const largest = isCompressible ? await largestMaskable(engine, { branch, limit: RESULTS_SHOWN }) : [];
  const target = targetTokens ?? Math.floor((state.budget?.maxTokens ?? state.tokens) * TARGET_SHARE);
  const text = [opening(state), await resultsText(engine, largest), steps(target, branch)].join("\n\n");
  return {
    description: "Compress the context",
    messages: [{ role: "user", content: { type: "text", text } }],
  };
}

const RESULTS_SHOWN = 10;
/** Leaves room, so that the next messages do not ask for the same again. */
const TARGET_SHARE = 0.5;
const MESSAGE_CHARS = 60;

function opening({ branch, tokens, commits, budget }: StatusResult): string {
  const limit = budget === null ? "" : `, ${budget.percent} % of the budget of ${count(budget.maxTokens)}`;
  return `Make the context of ${branch ?? "this detached HEAD"} smaller without losing what the work still needs. It has ${plural(commits, "commit")} and ${count(tokens)} tokens${limit}.`;
}

async function resultsText(engine: Engine, largest: readonly MaskableResult[]): Promise<string> {
  if (largest.length === 0) return "It holds no tool results that could become receipts.";
  const short = await shortHashes(
    engine,
    largest.map(({ hash }) => hash),
  );
  const lines = largest.map(
    ({ hash, message, tokens }) =>
      `- ${short(hash)}: ${count(tokens)} tokens, ${oneLine(message, MESSAGE_CHARS)}`,
  );
  return `The largest tool results:\n${lines.join("\n")}`;
}

function steps(target: number, branch: string | undefined): string {
  const where = branch === undefined ? "" : ` and branch ${JSON.stringify(branch)}`;
  return `1. annotate what must stay word for word with priority pinned.
2. Call compress with target_tokens ${target}${where}. Old tool results become receipts first.
3. If it answers with a plan, write one summary per group: decisions with reasons, exact paths, names, numbers and errors, open questions; leave out what led nowhere but for the fact that it did. Then call compress with plan_id and summaries.
4. Look at lost[] of the result; expand brings any of it back. Nothing is deleted, and undo takes all of it back.`;
}
