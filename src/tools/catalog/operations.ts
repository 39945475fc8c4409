/** Tool operations: lists what was done, newest first (spec 3.9, 8). */
import { z } from "zod";
import { type OperationEntry, type OperationsPage, operations } from "../../engine/history/operations.ts";
import { ENTRY_FIELDS } from "../entries.ts";
import { snakeKeys } from "../names.ts";
import { nextCursor, pageLimit, text } from "../params.ts";
import { answer, authorName, columns, plural, shortTime } from "../render.ts";
import { defineTool, type Tool } from "../tool.ts";

/** Fields of an operation, also in status. */
export const operationFields: z.ZodType = z.strictObject({
  id: z.string(),
  type: z.string(),
  worktree: z.string(),
  author: ENTRY_FIELDS.author ?? z.unknown(),
  branch: z.string().nullable(),
  created_at: z.string(),
  ref_moves: z.array(
    z.strictObject({ kind: z.string(), name: z.string(), before: z.unknown(), after: z.unknown() }),
  ),
  annotations: z.int(),
  sources: z.array(z.string()),
  results: z.array(z.string()),
  params: z.unknown(),
  undoes: z.string().nullable(),
  undone: z.boolean(),
});

export const operationsTool: Tool = defineTool({
  name: "operations",
  title: "List operations",
  description: "List what was done to this tract, newest first. Each can be undone by its id.",
  effect: "read",
  isIdempotent: true,
  input: { limit: pageLimit(20), cursor: text, type: text, commit: text.describe("That made or used it") },
  output: { operations: z.array(operationFields), next_cursor: nextCursor },
  run: async ({ engine }, input) => {
    const page = await operations(engine, input);
    return {
      structured: snakeKeys(page),
      text: answer([columns(page.operations.map(operationCells))], nextStep(page)),
    };
  },
});

/** An operation as cells of a table; its id can be given to undo. */
export function operationCells({
  id,
  type,
  branch,
  createdAt,
  author,
  results,
  undone,
}: OperationEntry): readonly string[] {
  return [
    id,
    shortTime(createdAt),
    undone ? `${type} (undone)` : type,
    branch ?? "-",
    authorName(author),
    results.length === 0 ? "" : plural(results.length, "commit"),
  ];
}

function nextStep({ operations: listed, nextCursor: cursor }: OperationsPage): string {
  if (cursor !== null) return `operations with cursor ${cursor} for older ones.`;
  return listed.length === 0 ? "commit something; nothing was done yet." : "undo with an id takes one back.";
}
