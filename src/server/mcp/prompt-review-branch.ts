/** The prompt `review-branch`: what a branch has that its base has not, and what to look at before it is merged (spec 6.2). */
import type { GetPromptResult } from "@modelcontextprotocol/server";
import type { Engine } from "../../engine/engine.ts";
import { log } from "../../engine/history/log.ts";
import { type StatusResult, status } from "../../engine/history/status.ts";
import { entryCells } from "../../tools/entries.ts";
import { columns, count, plural, shortHashes } from "../../tools/render.ts";

export interface ReviewArguments {
  readonly branch?: string | undefined;
  /** Default: the default branch. */
  readonly base?: string | undefined;
}

export async function reviewBranchPrompt(
  engine: Engine,
  { branch, base = engine.settings.defaultBranch }: ReviewArguments,
): Promise<GetPromptResult> {
  const state = await status(engine, { branch });
  const before = await status(engine, { branch: base });
  const tip = state.head ?? "HEAD";
  const { entries, nextCursor } = await log(engine, {
    ref: before.head === null || state.head === null ? undefined : `${before.head}..${tip}`,
    branch,
    firstParent: false,
    limit: COMMITS_SHOWN,
  });
  const short = await shortHashes(
    engine,
    entries.flatMap(({ hash, editTarget }) => [hash, editTarget]),
  );
  const name = state.branch ?? "this detached HEAD";
  const more = nextCursor === null ? "" : `\n… and more: log with ref ${base}..${name} pages through them.`;
  const only =
    entries.length === 0
      ? `${name} has no commit that ${base} has not: there is nothing to merge.`
      : `Commits only on ${name}, newest first:\n${columns(entries.map((entry) => entryCells(entry, short)))}${more}`;
  const text = [opening(name, base, { state, before }), only, CHECKS(name, base)].join("\n\n");
  return { description: `Review ${name}`, messages: [{ role: "user", content: { type: "text", text } }] };
}

const COMMITS_SHOWN = 50;

function opening(
  name: string,
  base: string,
  { state, before }: { readonly state: StatusResult; readonly before: StatusResult },
): string {
  const open = state.conflicts.length;
  const conflicts = open === 0 ? "It has no open conflicts." : `It has ${plural(open, "open conflict")}.`;
  return `Review branch ${name} before it is merged into ${base}. Its context has ${count(state.tokens)} tokens, that of ${base} ${count(before.tokens)}. ${conflicts}`;
}

function CHECKS(name: string, base: string): string {
  return `Check, and say what you found with the hash of the commit:
- diff with a ${JSON.stringify(base)} and b ${JSON.stringify(name)}: is every change of a message wanted, and do edits still say what is true?
- Are new instructions meant for ${base}, too, and does none of them contradict one there?
- Are dead ends worth keeping? annotate them with priority skip, or reorganize without them.
- Is it too large? compress on ${name} first.
Then call merge with source ${JSON.stringify(name)}, into ${JSON.stringify(base)} and dry_run true, and tell me the conflicts, if any, with a proposal for each. Merge only when I say so.`;
}
