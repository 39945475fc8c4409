/** The prompt `handoff`: what the next agent must know, or how to write it down when nobody has yet (spec 6.2). */
import type { GetPromptResult } from "@modelcontextprotocol/server";
import { compile } from "../../engine/compile/compile.ts";
import type { AnyContent } from "../../engine/content/content-types.ts";
import { plainText } from "../../engine/content/plain-text.ts";
import type { Engine } from "../../engine/engine.ts";
import { log } from "../../engine/history/log.ts";
import { show } from "../../engine/history/show.ts";
import type { Hash } from "../../storage/records.ts";
import { count, plural, shortHashes } from "../../tools/render.ts";

export interface HandoffArguments {
  readonly branch?: string | undefined;
  readonly budget_tokens?: number | undefined;
}

export async function handoffPrompt(
  engine: Engine,
  { branch, budget_tokens: budgetTokens }: HandoffArguments,
): Promise<GetPromptResult> {
  const handoff = await newestHandoff(engine, branch);
  const text =
    handoff === null ? INSTRUCTION(branch) : await handedOver(engine, handoff, { branch, budgetTokens });
  const description = handoff === null ? "Write a handoff" : "Take over";
  return { description, messages: [{ role: "user", content: { type: "text", text } }] };
}

interface Handoff {
  readonly hash: Hash;
  readonly text: string;
  /** Commits after it. */
  readonly newer: number;
}

/** Sessions are few: the newest ones are looked at. */
async function newestHandoff(engine: Engine, branch: string | undefined): Promise<Handoff | null> {
  const { entries } = await log(engine, { branch, contentType: "session", limit: SESSIONS_READ });
  for (const { hash, operation, priority } of entries) {
    if (operation !== "append" || priority === "skip") continue;
    const [shown] = (await show(engine, { refs: [hash], branch })).commits;
    const edit = shown?.edits.at(-1)?.hash;
    const [spoken] = edit === undefined ? [shown] : (await show(engine, { refs: [edit], branch })).commits;
    const content = spoken?.content ?? null;
    if (content === null || !isHandoff(content)) continue;
    const newer = (await log(engine, { branch, ref: `${hash}..HEAD`, limit: engine.limits.pageMax })).entries
      .length;
    return { hash, text: plainText(content), newer };
  }
  return null;
}

const SESSIONS_READ = 50;

function isHandoff(content: AnyContent): boolean {
  return (
    content.content_type === "session" && "session_type" in content && content.session_type === "handoff"
  );
}

async function handedOver(
  engine: Engine,
  { hash, text, newer }: Handoff,
  request: { readonly branch: string | undefined; readonly budgetTokens: number | undefined },
): Promise<string> {
  const { branch, budgetTokens = engine.settings.compileBudget } = request;
  const context = await compile(engine, { branch, budgetTokens });
  const short = await shortHashes(engine, [hash]);
  const since = newer === 0 ? "" : ` ${plural(newer, "commit")} came after it.`;
  return `You take over work from another agent: tract ${engine.scope.tract}, branch ${context.branch ?? "(detached HEAD)"}. It left this handoff (${short(hash)}).${since}

${text}

The context of the work, ${count(context.tokenCount)} tokens:

${context.toMarkdown()}

Start with the next steps of the handoff. search and show bring back what was left out; commit what must survive.`;
}

function INSTRUCTION(branch: string | undefined): string {
  return `Nobody has written a handoff on this branch yet. Write one for the agent that takes over from you and has not seen this conversation.

Call commit with${branch === undefined ? "" : ` branch ${JSON.stringify(branch)} and`} content {"content_type": "session", "session_type": "handoff", "summary", "decisions", "failed_approaches", "next_steps"}:
- summary: the goal, what is done, what is true now. Keep exact paths, names, numbers, commands and error texts.
- decisions: each with its reason.
- failed_approaches: what was tried and why it did not work.
- next_steps: in order, the first one concrete enough to start with.
This prompt then gives the handoff with the context to the next agent.`;
}
