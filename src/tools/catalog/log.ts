/** Tool log: lists commits, newest first, in pages (spec 3.1, 8). */
import { z } from "zod";
import { type LogResult, log } from "../../engine/history/log.ts";
import { ENTRY_FIELDS, entryCells, entryOf } from "../entries.ts";
import { camelKeys } from "../names.ts";
import { flag, nextCursor, oneOf, oneOrMore, pageLimit, text } from "../params.ts";
import { answer, columns, shortHashes } from "../render.ts";
import { defineTool, type Tool } from "../tool.ts";

export const logTool: Tool = defineTool({
  name: "log",
  title: "List commits",
  description: "List commits, newest first. For content use show; to find words use search.",
  effect: "read",
  isIdempotent: true,
  input: {
    ref: text.describe("Or a..b"),
    limit: pageLimit(20),
    cursor: text,
    operation: oneOf(["append", "edit", "merge", "summary", "reveal"]),
    content_type: oneOrMore,
    role: oneOf(["system", "user", "assistant", "tool"]),
    label: oneOrMore,
    author: oneOf(["user", "agent", "tool", "policy", "import"]),
    priority: oneOf(["skip", "normal", "important", "pinned"]),
    since: text,
    until: text,
    text,
    first_parent: flag,
    branch: text,
  },
  hiddenInSelf: ["operation", "author", "first_parent"],
  output: { entries: z.array(z.strictObject(ENTRY_FIELDS)), next_cursor: nextCursor },
  run: async ({ engine }, input) => {
    const result = await log(engine, camelKeys(input));
    const short = await shortHashes(
      engine,
      result.entries.flatMap((entry) => [entry.hash, entry.editTarget]),
    );
    const shows = { branch: input.first_parent === false };
    return {
      structured: { entries: result.entries.map(entryOf), next_cursor: result.nextCursor },
      text: answer(
        [columns(result.entries.map((entry) => entryCells(entry, short, shows)))],
        nextStep(result, isNarrowed(input)),
      ),
    };
  },
});

/** True when something else than a branch was asked for. */
function isNarrowed({
  limit: _limit,
  first_parent: _firstParent,
  branch: _branch,
  ...narrowing
}: Readonly<Record<string, unknown>>): boolean {
  return Object.values(narrowing).some((value) => value !== undefined);
}

function nextStep({ entries, nextCursor: cursor }: LogResult, wasNarrowed: boolean): string {
  if (cursor !== null) return `log with cursor ${cursor} for older commits.`;
  if (entries.length > 0) return "show with a hash gives the content.";
  return wasNarrowed
    ? "nothing matches; log without range and filters lists what is on the branch."
    : "commit something; there is nothing here yet.";
}
