/** The prompt `resume`: the compiled context as messages, to go on where it ended (spec 6.2). */
import type { GetPromptResult, PromptMessage } from "@modelcontextprotocol/server";
import { compile } from "../../engine/compile/compile.ts";
import type { PlainMessage } from "../../engine/compile/message-types.ts";
import type { Engine } from "../../engine/engine.ts";
import { count, plural, shortHashes } from "../../tools/render.ts";

export interface ResumeArguments {
  readonly branch?: string | undefined;
  readonly budget_tokens?: number | undefined;
}

export async function resumePrompt(
  engine: Engine,
  { branch, budget_tokens: budgetTokens }: ResumeArguments,
): Promise<GetPromptResult> {
  const context = await compile(engine, {
    branch,
    format: "messages",
    budgetTokens: budgetTokens ?? engine.settings.compileBudget,
  });
  const short = await shortHashes(engine, [context.head]);
  const place = `${context.branch ?? "a detached HEAD"}${context.head === null ? "" : ` at ${short(context.head)}`}`;
  const size = `${plural(context.commitCount, "commit")}, ${count(context.tokenCount)} tokens`;
  const opening = `What follows is the context of our work so far, from Tract: tract ${engine.scope.tract}, branch ${place}, ${size}.`;
  const closing =
    "That is all. Go on from here: say in a few sentences where we are and what comes next, then do it. search and show bring back what was left out; commit what must survive.";
  return {
    description: `Resume ${place}`,
    messages: [say("user", opening), ...context.toDicts().map(promptMessage), say("user", closing)],
  };
}

/** Prompts know two roles. What neither of them said is marked, and never speaks with more weight than a user's text. */
function promptMessage({ role, content, name, direction }: PlainMessage): PromptMessage {
  switch (role) {
    case "assistant":
      return say("assistant", content);
    case "user":
      return say("user", name === undefined ? content : `${name}: ${content}`);
    case "system":
      return say("user", `[standing instruction]\n${content}`);
    case "tool":
      return direction === "call"
        ? say("assistant", `[tool call] ${content}`)
        : say("user", `[tool result]\n${content}`);
  }
}

function say(role: PromptMessage["role"], text: string): PromptMessage {
  return { role, content: { type: "text", text } };
}
