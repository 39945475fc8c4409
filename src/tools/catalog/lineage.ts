/** Tool lineage: the tree of spawned children, or what all of them committed (spec 3.6, 8). */
import { z } from "zod";
import { type Lineage, type LineageNode, lineage } from "../../engine/agents/lineage.ts";
import { type Timeline, timeline } from "../../engine/agents/timeline.ts";
import type { Engine } from "../../engine/engine.ts";
import { ENTRY_FIELDS, entryCells, entryOf } from "../entries.ts";
import { snakeKeys } from "../names.ts";
import { flag, nextCursor, pageLimit, text } from "../params.ts";
import { wrongArgument } from "../parse-arguments.ts";
import { answer, columns, count, oneLine, plural, shortHashes, shortTime } from "../render.ts";
import { defineTool, type Tool, type ToolResult } from "../tool.ts";

export const lineageTool: Tool = defineTool({
  name: "lineage",
  title: "Lineage",
  description: "Show the tree of spawned children; with timeline, the commits of all, newest first.",
  effect: "read",
  isIdempotent: true,
  input: { timeline: flag, limit: pageLimit(20), cursor: text },
  output: {
    tree: z.unknown().optional(),
    total: z.int().optional(),
    is_complete: z.boolean().optional(),
    commits: z.array(z.strictObject({ ...ENTRY_FIELDS, tract: z.string() })).optional(),
    next_cursor: nextCursor.optional(),
  },
  run: async ({ engine }, { timeline: isTimeline, limit, cursor }) => {
    if (isTimeline === true) return await presentTimeline(engine, await timeline(engine, { limit, cursor }));
    if (cursor !== undefined) throw wrongArgument("cursor", "goes with timeline");
    return presentTree(await lineage(engine));
  },
});

function presentTree(result: Lineage): ToolResult {
  const more = result.isComplete ? null : `Cut at ${plural(result.total, "node")}.`;
  return {
    structured: snakeKeys(result),
    text: answer(
      [columns(rowsOf(result.tree, 0)), more],
      result.total === 1
        ? "spawn makes the first child."
        : "collapse with child commits a result; lineage with timeline shows what was done.",
    ),
  };
}

function rowsOf(node: LineageNode, depth: number): readonly (readonly string[])[] {
  const name = depth === 0 ? node.tract : node.worktree;
  const row = [
    `${"  ".repeat(depth)}${name}`,
    depth === 0 ? "" : node.state,
    node.tokens === null ? "-" : `${count(node.tokens)} tokens`,
    node.lastActivity === null ? "" : shortTime(node.lastActivity),
    depth === 0 ? "" : `tract ${node.tract}, branch ${node.branch}`,
    oneLine(node.purpose ?? "", PURPOSE_CHARS),
  ];
  return [row, ...node.children.flatMap((child) => rowsOf(child, depth + 1))];
}

const PURPOSE_CHARS = 60;

async function presentTimeline(
  engine: Engine,
  { commits, nextCursor: cursor }: Timeline,
): Promise<ToolResult> {
  const short = await shortHashes(
    engine,
    commits.flatMap(({ hash, editTarget }) => [hash, editTarget]),
  );
  const next =
    cursor === null
      ? "lineage without timeline shows where each child stands."
      : `lineage with timeline and cursor ${cursor} goes on.`;
  return {
    structured: {
      commits: commits.map((commit) => ({ ...entryOf(commit), tract: commit.tract })),
      next_cursor: cursor,
    },
    text: answer([columns(commits.map((commit) => [commit.tract, ...entryCells(commit, short)]))], next),
  };
}
