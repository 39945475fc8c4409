/** Counts what an LLM is used for in a run, by whichever tool, and refuses more than the run may use (spec 5.5). */
import { TractError } from "../errors.ts";
import type { LlmAccess, LlmClient, LlmReply, LlmRequest, LlmUsage } from "../llm/llm-client.ts";

export interface Spending {
  readonly llm: LlmAccess;
  /** So far: as reported, or counted where nothing is reported. */
  readonly used: () => LlmUsage;
  /** True when another question of so many tokens would be too many. */
  readonly isTooMuch: (text: string) => boolean;
  readonly tokensMax: number | null;
}

/** @param options `tokensMax` null: any; looked at before each question, so the last answer may go beyond it. */
export function countSpending(
  llm: LlmAccess,
  { tokensMax, count }: { readonly tokensMax: number | null; readonly count: (text: string) => number },
): Spending {
  let [inputTokens, outputTokens] = [0, 0];
  const isTooMuch = (text: string): boolean =>
    tokensMax !== null && inputTokens + outputTokens + count(text) > tokensMax;
  const chat: LlmClient["chat"] = async (request, signal) => {
    if (isTooMuch(questionText(request))) throw tooMuch(tokensMax ?? 0);
    const reply = await llm.client.chat(request, signal);
    inputTokens += reply.usage?.inputTokens ?? count(questionText(request));
    outputTokens += reply.usage?.outputTokens ?? count(answerText(reply));
    return reply;
  };
  return {
    llm: { ...llm, client: { chat } },
    used: () => ({ inputTokens, outputTokens }),
    isTooMuch,
    tokensMax,
  };
}

function questionText({ messages }: Pick<LlmRequest, "messages">): string {
  return JSON.stringify(messages);
}

function answerText({ text, toolCalls = [] }: LlmReply): string {
  return `${text}${JSON.stringify(toolCalls)}`;
}

function tooMuch(tokensMax: number): TractError {
  return new TractError(
    "not-allowed",
    `the run may use ${tokensMax} tokens of the LLM, and this call would be more`,
    {
      hint: "Run orchestrate again with a larger max_tokens, or with mind rules.",
      data: { max_tokens: tokensMax },
    },
  );
}
