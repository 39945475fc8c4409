/** What compress says about a selection that it cannot take, or not all of. */
import type { Hash } from "../../storage/records.ts";
import { TractError } from "../errors.ts";
import type { Block, FixedReason } from "./head-context.ts";
import type { SizeGoal } from "./select-for-size.ts";

const WHY_FIXED: Readonly<Record<FixedReason, string>> = {
  pinned: "pinned",
  conflict: "an open conflict",
  "in-force": "an instruction that keeps an earlier one of its name out",
  "open-call": "a call that waits for its result",
};

/** Sentence for the result: what was asked for and stays as it is. */
export function stayedWarning(blocks: readonly Block[]): readonly string[] {
  const reasons = [...new Set(blocks.map(({ fixed }) => fixed))];
  return reasons.flatMap((reason) => {
    if (reason === null) return [];
    const messages = blocks
      .filter(({ fixed }) => fixed === reason)
      .reduce((sum, { entries }) => sum + entries.length, 0);
    const several = messages === 1 ? "1 message stays" : `${messages} messages stay`;
    return [`${several} as before: ${WHY_FIXED[reason]}, or one unit with such a message`];
  });
}

export function nothingSelected(what: string, stayed: readonly Block[]): TractError {
  return new TractError("nothing-to-do", `${what}; nothing was stored`, {
    hint:
      stayed.length > 0
        ? "Pinned messages, open conflicts, instructions in force and open calls are never compressed: select others, or annotate them with priority normal first."
        : "Look at compile or log for what is there, and select more of it.",
    data: {
      stayed: stayed.flatMap(({ entries }) => entries.map(({ hash }) => hash)).slice(0, COMMITS_NAMED),
    },
  });
}

/** Nothing needs to go. */
export function withinTarget({ contextTokens, targetTokens }: SizeGoal): TractError {
  return new TractError(
    "nothing-to-do",
    `the context has ${contextTokens} tokens, no more than the target of ${targetTokens}; nothing was stored`,
    {
      hint: "It is small enough already. Give a smaller target_tokens, or select messages in another way, to make it smaller still.",
      data: { context_tokens: contextTokens, target_tokens: targetTokens },
    },
  );
}

/** A call without its result, or the reverse, would be left behind. */
export function splitsUnit(path: string, block: Block): TractError {
  const commits = block.entries.map(({ hash }) => hash);
  return new TractError(
    "invalid-argument",
    `${path}: ${commits.length} commits from ${short(commits[0])} on belong together (a call with its results, or one message), and the selection has only some of them`,
    {
      hint: "Select all commits of data.belong_together, or none of them; nothing was stored.",
      data: { path, belong_together: commits.slice(0, COMMITS_NAMED) },
    },
  );
}

export function notHere(path: string, commit: Hash, branch: string): TractError {
  return new TractError(
    "invalid-argument",
    `${path}: commit ${short(commit)} is not in the history of ${branch}`,
    {
      hint: "Name commits of this branch, or give the branch that has them; nothing was stored.",
      data: { path, commit, branch },
    },
  );
}

export function backwards(from: Hash | null, to: Hash | null): TractError {
  return new TractError("invalid-argument", `from: ${short(from)} comes after ${short(to)}`, {
    hint: "Give the older end as from and the newer one as to; nothing was stored.",
    data: { path: "from", from, to },
  });
}

export function summarised(path: string, commit: Hash, summary: Hash): TractError {
  return new TractError("invalid-argument", `${path}: commit ${short(commit)} is summarised already`, {
    hint: `Name the summary ${short(summary)} that stands for it, or bring its originals back with expand (restore true) first.`,
    data: { path, commit, summary },
  });
}

export function wrong(path: string, expected: string, hint?: string): TractError {
  return new TractError("invalid-argument", `${path}: expected ${expected}`, {
    hint: hint ?? "Correct this argument and call again; nothing was stored.",
    data: { path, expected },
  });
}

/** Commits named in an error or a result before the rest is left to the caller. */
const COMMITS_NAMED = 50;

function short(hash: Hash | null | undefined): string {
  return hash?.slice(0, 12) ?? "none";
}
