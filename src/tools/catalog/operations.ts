/** Tool operations: lists what was done, newest first or by tokens (spec 3.9, 8; spec 9, 18). */
import { z } from "zod";
import { TractError } from "../../engine/errors.ts";
import {
  type OperationEntry,
  type OperationSort,
  type OperationsPage,
  operations,
} from "../../engine/history/operations.ts";
import { nearest } from "../../engine/nearest.ts";
import { ENTRY_FIELDS } from "../entries.ts";
import { snakeKeys } from "../names.ts";
import { nextCursor, pageLimit, text, unlisted } from "../params.ts";
import { answer, authorName, columns, count, plural, shortTime } from "../render.ts";
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
  source_count: z.int(),
  results: z.array(z.string()),
  result_count: z.int(),
  params: z.unknown(),
  original_tokens: z.int().optional(),
  compressed_tokens: z.int().optional(),
  undoes: z.string().nullable(),
  undone: z.boolean(),
});

export const operationsTool: Tool = defineTool({
  name: "operations",
  title: "List operations",
  description: "List what was done, newest first. Each can be undone by id.",
  effect: "read",
  isIdempotent: true,
  input: {
    limit: pageLimit(20),
    cursor: text,
    type: text,
    commit: text,
    branch: text,
    sort: unlisted(z.enum(["original_tokens", "compressed_tokens", "ratio"])).optional(),
    original_tokens_min: z.int().min(0).optional(),
  },
  unlisted: ["branch"],
  hiddenInSelf: ["sort", "original_tokens_min"],
  output: { operations: z.array(operationFields), next_cursor: nextCursor },
  run: async ({ engine }, input) => {
    const page = await operations(engine, input);
    if (page.operations.length === 0 && input.type !== undefined) requireType(input.type);
    return {
      structured: { operations: page.operations.map(operationFieldsOf), next_cursor: page.nextCursor },
      text: answer([columns(page.operations.map(operationCells))], nextStep(page, input.sort)),
    };
  },
});

const TYPES: readonly string[] = [
  "commit",
  "branch",
  "checkout",
  "reset",
  "tag",
  "restore",
  "annotate",
  "merge",
  "reorganize",
  "import_commit",
  "compress",
  "uncompress",
  "import",
  "undo",
  "spawn",
  "spawned",
  "collapse",
  "send",
];

/** An empty list for a mistyped word would look as if nothing of the kind had been done. */
function requireType(type: string): void {
  if (TYPES.includes(type)) return;
  const near = nearest(type, TYPES);
  throw new TractError(
    "invalid-argument",
    `type: there is no type of operation ${JSON.stringify(type.slice(0, TYPE_CHARS_SHOWN))}`,
    {
      hint: `${near.length > 0 ? `Did you mean ${near.join(" or ")}? ` : ""}Types: ${TYPES.join(", ")}.`,
      data: { path: "type", near, expected: TYPES },
    },
  );
}

const TYPE_CHARS_SHOWN = 80;

/** An operation as structured result: a batch may have made thousands of commits. */
export function operationFieldsOf(operation: OperationEntry): Record<string, unknown> {
  const { sources, results } = operation;
  return snakeKeys({
    ...operation,
    sources: sources.slice(0, COMMITS_LISTED),
    sourceCount: sources.length,
    results: results.slice(0, COMMITS_LISTED),
    resultCount: results.length,
  });
}

const COMMITS_LISTED = 50;

/** An operation as cells of a table; its id can be given to undo. */
export function operationCells({
  id,
  type,
  branch,
  createdAt,
  author,
  results,
  undone,
  originalTokens,
  compressedTokens,
}: OperationEntry): readonly string[] {
  const made = results.length === 0 ? [] : [plural(results.length, "commit")];
  const isCounted = originalTokens !== undefined && compressedTokens !== undefined;
  const sizes = isCounted ? [`${count(originalTokens)} tokens to ${count(compressedTokens)}`] : [];
  return [
    id,
    shortTime(createdAt),
    undone ? `${type} (undone)` : type,
    branch ?? "-",
    authorName(author),
    [...made, ...sizes].join(", "),
  ];
}

function nextStep(
  { operations: listed, nextCursor: cursor }: OperationsPage,
  sort: OperationSort | undefined,
): string {
  if (cursor !== null)
    return `operations with cursor ${cursor} for ${sort === undefined ? "older ones" : "the next"}.`;
  if (sort !== undefined && listed.length === 0)
    return "operations without sort; none of these replaced anything.";
  return listed.length === 0 ? "commit something; nothing was done yet." : "undo with an id takes one back.";
}
