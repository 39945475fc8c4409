/** Tool tag: lists, creates and deletes tags (spec 3.2, 8). */
import { z } from "zod";
import type { Engine } from "../../engine/engine.ts";
import { createTag, deleteTag, listTags, type TagEntry, type TagResult } from "../../engine/history/tag.ts";
import { snakeKeys } from "../names.ts";
import { MAYBE_WRITE_FIELDS, text } from "../params.ts";
import { wrongArgument } from "../parse-arguments.ts";
import { answer, columns, oneLine, plural, shortHashes } from "../render.ts";
import { defineTool, type Tool, type ToolResult } from "../tool.ts";

const tag = z.strictObject({
  name: z.string(),
  commit: z.string(),
  note: z.string().nullable(),
  created_at: z.string(),
});

export const tagTool: Tool = defineTool({
  name: "tag",
  title: "Tags",
  description: "Manage tags: named checkpoints that never move.",
  effect: "write",
  isIdempotent: false,
  input: {
    action: z.enum(["list", "create", "delete"]).default("list"),
    name: text,
    ref: text,
    note: text,
    branch: text,
  },
  output: {
    tags: z.array(tag),
    total: z.int().optional(),
    ...MAYBE_WRITE_FIELDS,
  },
  readsOnly: ({ action }) => action === "list",
  run: async ({ engine }, { action, name, note, branch, ref = branch }) => {
    if (action === "list") return await presentList(engine, await listTags(engine));
    if (name === undefined) throw wrongArgument("name", "is required for this action");
    const result =
      action === "create" ? await createTag(engine, { name, ref, note }) : await deleteTag(engine, { name });
    return await presentChange(engine, action, result);
  },
});

async function presentList(
  engine: Engine,
  { tags, total }: { readonly tags: readonly TagEntry[]; readonly total: number },
): Promise<ToolResult> {
  const more = total > tags.length ? `… of ${plural(total, "tag")}, the newest` : null;
  const next =
    tags.length === 0 ? "tag with action create names a commit." : "compile or show with a tag as ref.";
  return { structured: snakeKeys({ tags, total }), text: answer([await table(engine, tags), more], next) };
}

async function presentChange(
  engine: Engine,
  action: "create" | "delete",
  { tag: changed, ...write }: TagResult,
): Promise<ToolResult> {
  const done = action === "create" ? "Created tag" : "Deleted tag";
  const next =
    action === "create" ? "compile or checkout with this name comes back here." : "undo brings it back.";
  return {
    structured: snakeKeys({ tags: [changed], ...write }),
    text: answer([done, await table(engine, [changed])], next, write.warnings),
  };
}

async function table(engine: Engine, tags: readonly TagEntry[]): Promise<string> {
  const short = await shortHashes(
    engine,
    tags.map(({ commit }) => commit),
  );
  return columns(
    tags.map(({ name, commit, note }) => [name, short(commit), oneLine(note ?? "", NOTE_CHARS)]),
  );
}

const NOTE_CHARS = 100;
