/** Tool query_ledger: reads the audit trail (spec 4.3, 8). */
import { z } from "zod";
import { type LedgerEntry, type LedgerPage, queryLedger } from "../../engine/ledger/query-ledger.ts";
import { camelKeys, snakeKeys } from "../names.ts";
import { nextCursor, oneOrMore, pageLimit, text } from "../params.ts";
import { answer, columns, plural, shortTime } from "../render.ts";
import { defineTool, type Tool } from "../tool.ts";

export const queryLedgerTool: Tool = defineTool({
  name: "query_ledger",
  title: "Query the ledger",
  description: "Read the audit trail, which nobody can change: what happened, when, by whom and why.",
  effect: "read",
  isIdempotent: true,
  input: {
    event_type: oneOrMore.describe("Such as OPERATION"),
    submission_id: text,
    session: text,
    decision: text.describe("Type of operation"),
    tool: text,
    commit: text,
    since: text,
    until: text,
    text,
    metadata: z.enum(["keys", "excerpt", "full"]).default("excerpt"),
    order: z.enum(["asc", "desc"]).default("desc"),
    limit: pageLimit(20),
    cursor: text,
  },
  hiddenInSelf: ["submission_id", "session", "tool", "order"],
  output: {
    entries: z.array(
      z.strictObject({
        seq: z.int(),
        id: z.string(),
        event_type: z.string(),
        submission_id: z.string(),
        decision: z.string(),
        reason: z.string(),
        timestamp: z.string(),
        prompts_used: z.array(z.string()),
        metadata_keys: z.array(z.string()),
        metadata: z.unknown().optional(),
      }),
    ),
    count: z.int(),
    next_cursor: nextCursor,
  },
  run: async ({ engine }, input) => {
    const page = await queryLedger(engine, camelKeys(input));
    const summary = `${plural(page.count, "entry", "entries")} in all.`;
    return {
      structured: snakeKeys(page),
      text: answer([columns(page.entries.map(cells)), summary], nextStep(page)),
    };
  },
});

function cells({ seq, timestamp, eventType, decision, reason }: LedgerEntry): readonly string[] {
  return [String(seq), shortTime(timestamp), eventType, decision, reason];
}

function nextStep({ entries, nextCursor: cursor }: LedgerPage): string {
  if (cursor !== null) return `query_ledger with cursor ${cursor} for more.`;
  return entries.length === 0
    ? "query_ledger with fewer filters."
    : "query_ledger with metadata full shows everything; verify checks the chain.";
}
