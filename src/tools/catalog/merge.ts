/** Tool merge: takes another branch's commits in, conflicts as data (spec 3.3, 8). */
import { z } from "zod";
import { isJson } from "../../engine/content/json-rules.ts";
import type { Engine } from "../../engine/engine.ts";
import { shortTarget } from "../../engine/history/open-conflicts.ts";
import { PICKS } from "../../engine/merge/decisions.ts";
import type { Conflict, ConflictSide } from "../../engine/merge/material.ts";
import { merge } from "../../engine/merge/merge.ts";
import type { MergeResult, MergeStrategy } from "../../engine/merge/merge-types.ts";
import { type ConflictPage, conflictPage, madeOfConflicts } from "../conflict-page.ts";
import { camelKeys, snakeKeys } from "../names.ts";
import { flag, LLM_ARGUMENTS, LLM_FIELDS, nextCursor, text, WRITE_FIELDS } from "../params.ts";
import { answer, count, oneLine, plural, shortHashes } from "../render.ts";
import { defineTool, type Tool } from "../tool.ts";

const resolution = z.strictObject({
  target: z.string(),
  content: z.custom<unknown>(isJson, { error: "expected JSON" }).optional(),
  pick: z.enum(PICKS).nullable().optional(),
});
const sideFields = z.strictObject({
  commits: z.array(z.string()),
  hash: z.string().nullable(),
  text: z.string(),
  priority: z.string().nullable().optional(),
});
const conflictFields = z.strictObject({
  kind: z.string(),
  target: z.string(),
  base: sideFields,
  ours: sideFields,
  theirs: sideFields,
  compressed_by: z.string().optional(),
});

export const mergeTool: Tool = defineTool({
  name: "merge",
  title: "Merge",
  description:
    "Merge source into a branch. Conflicts are only reported unless strategy or resolutions decide them; record keeps them open.",
  effect: "write",
  isIdempotent: false,
  reachesOut: true,
  input: {
    source: z.string(),
    into: text,
    strategy: z.enum(["report", "ours", "theirs", "both", "record", "llm"]).optional(),
    resolutions: z
      .array(resolution)
      .meta({ listed: { type: "array", items: { type: "object" } } })
      .optional()
      .describe("{target, content | pick: ours/theirs/base/both}"),
    message: text,
    no_ff: flag,
    delete_source: flag,
    dry_run: flag,
    cursor: text,
    ...LLM_ARGUMENTS,
  },
  unlisted: [...LLM_FIELDS, "cursor"],
  hiddenInSelf: ["message", "no_ff", "delete_source", "llm_config"],
  output: {
    kind: z.string(),
    dry_run: z.boolean(),
    base: z.string().nullable(),
    conflicts: z.array(conflictFields),
    conflict_count: z.int(),
    next_cursor: nextCursor,
    resolutions: z.array(z.strictObject({ kind: z.string(), target: z.string(), by: z.string() })),
    resolution_count: z.int(),
    merge_commit: z.string().nullable(),
    edits: z.array(z.string()),
    edit_count: z.int(),
    commits_brought: z.strictObject({ count: z.int(), commits: z.array(z.string()) }),
    tokens_before: z.int(),
    tokens_after: z.int(),
    ...WRITE_FIELDS,
  },
  readsOnly: ({ dry_run, cursor }) => dry_run === true || cursor !== undefined,
  run: async ({ engine, signal, progress }, { resolutions, cursor, ...input }) => {
    const result = await merge(engine, {
      ...camelKeys(input),
      // The next page of conflicts is looked at, nothing else.
      ...(cursor === undefined ? {} : { dryRun: true }),
      signal,
      progress,
      resolutions: resolutions?.map(({ target, content, pick }) => ({
        target,
        pick: pick ?? undefined,
        // A null is a value of its own: it unsets a setting. Beside a pick it stands for nothing given.
        content: pick != null && content === null ? undefined : content,
      })),
    });
    const { dry_run: _, ...asked } = { ...input, resolutions };
    const page = conflictPage(engine, result, asked, cursor);
    return {
      structured: snakeKeys({ ...result, ...madeOfConflicts(result), ...page }),
      text: answer(await described(engine, result), nextStep(result, input, page), result.warnings),
    };
  },
});

const CONFLICTS_SHOWN = 20;
const TEXT_CHARS = 160;

async function described(engine: Engine, result: MergeResult): Promise<readonly string[]> {
  const { conflicts, kind } = result;
  const short = await shortHashes(engine, [result.head]);
  const isTold = kind !== "resolved" || result.dryRun;
  const shown = isTold ? conflicts.slice(0, CONFLICTS_SHOWN) : [];
  const more =
    shown.length < conflicts.length && isTold ? [`… ${count(conflicts.length)} conflicts in all`] : [];
  const place = `${result.branch} is at ${short(result.head)}, ${count(result.tokensAfter)} tokens (${count(result.tokensBefore)} before).`;
  return [headline(result), ...shown.flatMap(conflictLines), ...more, result.dryRun ? "" : place];
}

function headline({ kind, dryRun, branch, conflicts, resolutions, commitsBrought }: MergeResult): string {
  const brought = plural(commitsBrought.count, "commit");
  const open = resolutions.filter(({ by }) => by === "record").length;
  const [merged, moved, resolved] = dryRun
    ? ["Would merge", "Would move", "Would resolve"]
    : ["Merged", "Moved", "Resolved"];
  const decided = plural(resolutions.length, "conflict");
  switch (kind) {
    case "up_to_date":
      return conflicts.length === 0
        ? `${branch} has all of it already.`
        : `${branch} has all of it already; ${plural(conflicts.length, "conflict")} of it still open.`;
    case "fast_forward":
      return `${moved} ${branch} forward by ${brought}.`;
    case "clean":
      return `${merged} ${brought} without conflicts.`;
    case "resolved":
      return commitsBrought.count === 0
        ? `${resolved} ${decided}.`
        : `${merged} ${brought}; ${decided} resolved.`;
    case "recorded":
      return `${merged} ${brought}; ${plural(open, "conflict")} on record, marked in compile.`;
    case "conflicts":
      return `${plural(conflicts.length, "conflict")}; nothing ${dryRun ? "would be" : "was"} merged.`;
  }
}

function conflictLines({ kind, target, base, ours, theirs }: Conflict): readonly string[] {
  const line = (name: string, side: ConflictSide): string => {
    const judged = side.priority == null ? "" : ` [${side.priority}]`;
    return `  ${name}${judged}: ${oneLine(side.text, TEXT_CHARS)}`;
  };
  return [
    `${kind} of ${shortTarget(target)}`,
    line("base", base),
    line("ours", ours),
    line("theirs", theirs),
  ];
}

function nextStep(
  { kind, dryRun }: MergeResult,
  input: { readonly source: string; readonly strategy?: MergeStrategy | undefined },
  { conflicts, nextCursor: cursor }: ConflictPage,
): string {
  const source = shortTarget(input.source);
  if (cursor !== null)
    return `merge ${source} as now with cursor ${cursor} shows more conflicts; or resolve these first.`;
  const first = conflicts[0]?.target;
  const example = first === undefined ? "" : `{target: ${JSON.stringify(shortTarget(first))}, pick: "ours"}`;
  if (kind === "conflicts" && input.strategy === "both")
    return `these cannot be both at once: merge ${source} with resolutions for them, such as ${example} or with content, beside the strategy.`;
  if (kind === "conflicts")
    return `merge ${source} with resolutions such as ${example} or with content, or with strategy ours, theirs, both or record.`;
  if (kind === "recorded" && !dryRun)
    return `go on; resolve later with merge ${source} and resolutions such as ${example}.`;
  if (kind === "up_to_date")
    return example === ""
      ? "go on."
      : `merge ${source} with resolutions such as ${example} or with content, or with strategy ours, theirs or both.`;
  if (dryRun) return "merge without dry_run does it.";
  return "compile shows the merged context; undo takes the merge back.";
}
