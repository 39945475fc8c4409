/** Tool sessions: lists the sessions of a tract, or replays one (spec 4.2, 8). */
import { z } from "zod";
import { type SessionEntry, type SessionsPage, sessions } from "../../engine/ledger/list-sessions.ts";
import { ledgerCells, ledgerFields } from "../ledger-entries.ts";
import { snakeKeys } from "../names.ts";
import { nextCursor, pageLimit, text } from "../params.ts";
import { answer, columns, count, oneLine, plural, shortTime } from "../render.ts";
import { defineTool, type Tool } from "../tool.ts";

export const sessionsTool: Tool = defineTool({
  name: "sessions",
  title: "List sessions",
  description: "List sessions, newest first; with session, what happened in it.",
  effect: "read",
  isIdempotent: true,
  input: { session: text, limit: pageLimit(20), cursor: text },
  output: {
    sessions: z
      .array(
        z.strictObject({
          id: z.string(),
          state: z.enum(["active", "ended", "abandoned"]),
          started_at: z.string(),
          ended_at: z.string().nullable(),
          client: z.string().nullable(),
          turns: z.int(),
          tokens: z.int(),
          llm_calls: z.int(),
          tool_calls: z.int(),
          elapsed_ms: z.int(),
          preview: z.string().nullable(),
        }),
      )
      .optional(),
    entries: z.array(ledgerFields).optional(),
    next_cursor: nextCursor,
  },
  run: async ({ engine }, input) => {
    const page = await sessions(engine, input);
    const rows = page.sessions?.map(cells) ?? page.entries?.map(ledgerCells) ?? [];
    return { structured: snakeKeys(page), text: answer([columns(rows)], nextStep(page)) };
  },
});

const PREVIEW_CHARS = 60;

function cells({ id, state, startedAt, turns, tokens, preview }: SessionEntry): readonly string[] {
  return [
    id,
    state,
    shortTime(startedAt),
    plural(turns, "turn"),
    `${count(tokens)} tokens`,
    preview === null ? "" : oneLine(preview, PREVIEW_CHARS),
  ];
}

function nextStep({ sessions: listed, nextCursor: cursor }: SessionsPage): string {
  if (cursor !== null) return `sessions with cursor ${cursor} for more.`;
  if (listed === undefined) return "query_ledger with the session and metadata full shows everything.";
  return listed.length === 0
    ? "commit or record_turn; a session begins with its first write."
    : "sessions with an id replays it; record_turn with it as session goes on.";
}
