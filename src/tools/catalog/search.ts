/** Tool search: finds commits by their words (spec 3.1, 8). */
import { z } from "zod";
import type { Engine } from "../../engine/engine.ts";
import { type FoundCommit, type SearchResult, search } from "../../engine/search/search.ts";
import { camelKeys, snakeKeys } from "../names.ts";
import { nextCursor, oneOf, oneOrMore, text, tokens } from "../params.ts";
import { answer, oneLine, shortHashes, shortTime } from "../render.ts";
import { defineTool, type Tool } from "../tool.ts";

export const searchTool: Tool = defineTool({
  name: "search",
  title: "Search",
  description: "Find commits by words, best first, with neighbours, on all branches unless ref is given.",
  effect: "read",
  isIdempotent: true,
  input: {
    query: z.string(),
    limit: z.int().min(1).max(200).optional(),
    cursor: text,
    ref: text,
    content_type: oneOrMore,
    role: oneOf(["system", "user", "assistant", "tool"]),
    since: text,
    until: text,
    neighbours: z.int().min(0).max(5).default(1),
    budget_tokens: tokens,
    branch: text,
  },
  output: {
    hits: z.array(
      z.strictObject({
        hash: z.string(),
        score: z.number(),
        snippet: z.string(),
        content_type: z.string().nullable(),
        role: z.string().nullable(),
        branch: z.string(),
        created_at: z.string(),
        edit_target: z.string().nullable(),
        superseded_by: z.string().nullable(),
        neighbours: z.array(
          z.strictObject({
            hash: z.string(),
            role: z.string().nullable(),
            position: z.int(),
            snippet: z.string(),
          }),
        ),
      }),
    ),
    terms: z.array(z.string()),
    note: z.string().nullable(),
    next_cursor: nextCursor,
  },
  run: async ({ engine, signal }, { branch, ref, ...input }) => {
    // A branch alone means its history.
    const result = await search(engine, {
      ...camelKeys(input),
      branch,
      ref: ref ?? (branch === undefined ? undefined : "HEAD"),
      signal,
    });
    return { structured: snakeKeys(result), text: await described(engine, result) };
  },
});

async function described(engine: Engine, result: SearchResult): Promise<string> {
  const { hits, note } = result;
  const named = hits.flatMap((hit) => [
    hit.hash,
    hit.editTarget,
    hit.supersededBy,
    ...hit.neighbours.map(({ hash }) => hash),
  ]);
  const short = await shortHashes(engine, named);
  return answer([...hits.map((hit) => block(hit, short)), note], nextStep(result));
}

function block(hit: FoundCommit, short: (hash: FoundCommit["hash"]) => string): string {
  const { hash, role, branch, createdAt, snippet, editTarget, supersededBy, neighbours } = hit;
  const notes = [
    editTarget === null ? "" : `, edit of ${short(editTarget)}`,
    supersededBy === null ? "" : `, replaced by ${short(supersededBy)}`,
  ].join("");
  const line = (neighbour: FoundCommit["neighbours"][number]): string =>
    `  ${short(neighbour.hash)} ${neighbour.role ?? "-"}: ${oneLine(neighbour.snippet, NEIGHBOUR_CHARS)}`;
  return [
    ...neighbours.filter(({ position }) => position < 0).map(line),
    `${short(hash)} ${role ?? "-"} on ${branch}, ${shortTime(createdAt)}${notes}: ${oneLine(snippet, SNIPPET_CHARS)}`,
    ...neighbours.filter(({ position }) => position > 0).map(line),
  ].join("\n");
}

const NEIGHBOUR_CHARS = 160;
const SNIPPET_CHARS = 600;

function nextStep({ hits, nextCursor: cursor }: SearchResult): string {
  if (hits.length === 0) return "search with other or fewer words.";
  const more = cursor === null ? "" : ` search with cursor ${cursor} finds more.`;
  return `show with a hash gives the whole.${more}`;
}
