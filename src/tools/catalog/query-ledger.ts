/** Tool query_ledger: reads the audit trail (spec 4.3, 8). */
import { z } from "zod";
import { AGGREGATES, type LedgerTotal } from "../../engine/ledger/ledger-totals.ts";
import { type LedgerPage, queryLedger } from "../../engine/ledger/query-ledger.ts";
import { ledgerCells, ledgerFields } from "../ledger-entries.ts";
import { camelKeys, snakeKeys } from "../names.ts";
import { nextCursor, oneOrMore, pageLimit, text } from "../params.ts";
import { answer, columns, count, plural } from "../render.ts";
import { defineTool, type Tool } from "../tool.ts";

const SUM_FIELDS = {
  entries: z.int(),
  calls: z.int(),
  input_tokens: z.int(),
  output_tokens: z.int(),
  total_tokens: z.int(),
  latency_ms: z.number(),
  cost: z.number().nullable(),
};

export const queryLedgerTool: Tool = defineTool({
  name: "query_ledger",
  title: "Query the ledger",
  description: "Read the audit trail: what happened, when, by whom and why.",
  effect: "read",
  isIdempotent: true,
  input: {
    event_type: oneOrMore.describe("Such as OPERATION"),
    submission_id: text,
    session: text,
    decision: text.describe("Type of operation"),
    tool: text,
    model: text,
    commit: text,
    branch: text,
    since: text,
    until: text,
    text,
    metadata: z.enum(["excerpt", "keys", "full"]).default("excerpt"),
    order: z.enum(["desc", "asc"]).default("desc"),
    aggregate: z.enum(AGGREGATES).optional().describe("Sums instead of entries"),
    limit: pageLimit(20),
    cursor: text,
  },
  hiddenInSelf: ["submission_id", "session", "tool", "model", "branch", "order", "aggregate"],
  output: {
    entries: z.array(ledgerFields),
    count: z.int(),
    next_cursor: nextCursor,
    totals: z
      .strictObject({
        groups: z.array(z.strictObject({ group: z.string(), ...SUM_FIELDS })),
        groups_omitted: z.int(),
        all: z.strictObject(SUM_FIELDS),
      })
      .optional(),
  },
  run: async ({ engine, signal }, input) => {
    const page = await queryLedger(engine, { ...camelKeys(input), signal });
    const summary = `${plural(page.count, "entry", "entries")} in all.`;
    return {
      structured: snakeKeys(page),
      text: answer(
        [columns(page.totals?.groups.map(totalCells) ?? page.entries.map(ledgerCells)), summary],
        nextStep(page),
      ),
    };
  },
});

function totalCells({ group, entries, calls, totalTokens, latencyMs, cost }: LedgerTotal): readonly string[] {
  return [
    group,
    plural(entries, "entry", "entries"),
    plural(calls, "LLM call"),
    `${count(totalTokens)} tokens`,
    `${count(latencyMs)} ms`,
    cost === null ? "" : `cost ${cost}`,
  ];
}

function nextStep({ entries, nextCursor: cursor, totals }: LedgerPage): string {
  if (totals !== undefined) return "query_ledger without aggregate shows the entries.";
  if (cursor !== null) return `query_ledger with cursor ${cursor} for more.`;
  return entries.length === 0
    ? "query_ledger with fewer filters."
    : "query_ledger with metadata full shows everything; verify checks the chain.";
}
