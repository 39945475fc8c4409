/** The prompt `checkpoint`: facts about the work so far, and how to write a summary that survives (spec 6.2). */
import type { GetPromptResult } from "@modelcontextprotocol/server";
import type { Engine } from "../../engine/engine.ts";
import { log } from "../../engine/history/log.ts";
import { entryCells } from "../../tools/entries.ts";
import { columns, count, plural, shortHashes } from "../../tools/render.ts";

const COMMITS_SHOWN = 20;

export async function checkpointPrompt(
  engine: Engine,
  { branch }: { readonly branch?: string | undefined },
): Promise<GetPromptResult> {
  const { entries } = await log(engine, { branch, limit: COMMITS_SHOWN });
  const { entries: checkpoints } = await log(engine, { branch, contentType: "session", limit: 1 });
  const last = checkpoints[0];
  const at = last === undefined ? -1 : entries.findIndex(({ hash }) => hash === last.hash);
  const since = at === -1 ? entries : entries.slice(0, at);
  const short = await shortHashes(
    engine,
    entries.flatMap((entry) => [entry.hash, entry.editTarget]),
  );
  const tokens = since.reduce((sum, entry) => sum + entry.tokens, 0);
  const place = branch === undefined ? "" : ` on branch ${branch}`;
  const facts =
    since.length === 0
      ? `Nothing was committed${place} since the last checkpoint.`
      : `Committed${place} ${last === undefined ? "so far" : `since the checkpoint ${short(last.hash)}`} (newest first, ${plural(since.length, "commit")}, ${count(tokens)} tokens):\n${columns(since.map((entry) => entryCells(entry, short)))}`;
  return {
    description: "Write a checkpoint",
    messages: [{ role: "user", content: { type: "text", text: `${INSTRUCTION(branch)}\n\n${facts}` } }],
  };
}

function INSTRUCTION(branch: string | undefined): string {
  return `Write a checkpoint of our work, so that somebody who has not seen this conversation can go on from it.

Call commit with${branch === undefined ? "" : ` branch ${JSON.stringify(branch)} and`} content {"content_type": "session", "session_type": "checkpoint", "summary", "decisions", "failed_approaches", "next_steps"}:
- summary: the goal, what is done, what is true now. Keep exact paths, names, numbers, commands and error texts.
- decisions: each with its reason.
- failed_approaches: what was tried and why it did not work.
- next_steps: in order, the first one concrete enough to start with.
First commit anything important that was not committed yet. What was committed is below; it need not be repeated word for word.`;
}
