/** chat: commits the user's message and the LLM's reply to it (spec 5.3). */
import type { Engine } from "../engine.ts";
import { TractError } from "../errors.ts";
import { commit } from "../history/commit.ts";
import { invariant } from "../invariant.ts";
import type { GenerateResult } from "./commit-reply.ts";
import { type ConversationRequest, continueConversation, prepareConversation } from "./generate.ts";

export interface ChatRequest extends ConversationRequest {
  readonly text: string;
  /** Name of the user who speaks. */
  readonly name?: string | undefined;
  /** Message and metadata of the user's commit. */
  readonly message?: string | undefined;
  readonly metadata?: object | undefined;
}

/**
 * Says something and commits the answer. Two operations: when the LLM fails, the message stays, and `generate` continues.
 *
 * @throws TractError as `generate`; `invalid-content` for an empty text, before anything is written.
 */
export async function chat(engine: Engine, request: ChatRequest): Promise<GenerateResult> {
  const { text, name, message, metadata, ...rest } = request;
  requireText(text);
  const ready = await prepareConversation(engine, rest);
  const said = await commit(engine, {
    items: [{ content: text, role: "user", name, message, metadata }],
    branch: ready.branch,
  });
  const [first] = said.commits;
  invariant(first, "what was said has its commit");
  const reply = await continueConversation(engine, ready, {
    ...rest,
    operation: "chat",
    said: { commit: first.hash, operationId: said.operationId },
  });
  return { ...reply, warnings: [...said.warnings, ...reply.warnings] };
}

function requireText(text: string): void {
  if (/\S/.test(text)) return;
  throw new TractError("invalid-content", "text: expected a text that says something", {
    hint: "Give the user's message; generate goes on without one. Nothing was stored.",
    data: { path: "text", expected: "a text that says something" },
  });
}
