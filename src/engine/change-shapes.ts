/** What the operations that change history take in the library (spec 3). */
import { z } from "zod";
import { INQUIRY_SHAPE } from "./conversation-shapes.ts";
import {
  callback,
  count,
  dictionary,
  flag,
  ON_MISSING_TARGET,
  PRIORITIES,
  signal,
  text,
  texts,
} from "./shape-words.ts";

export type ChangeShape =
  | "listBranches"
  | "createBranch"
  | "renameBranch"
  | "deleteBranch"
  | "merge"
  | "reset"
  | "restore"
  | "reorganize"
  | "importCommit"
  | "createTag"
  | "annotate"
  | "compress"
  | "expand"
  | "uncompress"
  | "undo"
  | "recordUsage"
  | "gc"
  | "importTranscript";

export const CHANGE_SHAPES: Readonly<Record<ChangeShape, z.ZodType>> = {
  listBranches: z.strictObject({ limit: count }),
  createBranch: z.strictObject({ name: z.string(), from: text, switch: flag }),
  renameBranch: z.strictObject({ name: text, newName: z.string() }),
  deleteBranch: z.strictObject({ name: z.string(), force: flag }),
  merge: z.strictObject({
    source: z.string(),
    into: text,
    strategy: z.enum(["report", "ours", "theirs", "both", "record", "llm"]).optional(),
    resolutions: z
      .array(
        z.strictObject({
          target: z.string(),
          content: z.unknown().optional(),
          pick: z.enum(["ours", "theirs", "base", "both"]).optional(),
        }),
      )
      .optional(),
    message: text,
    noFf: flag,
    deleteSource: flag,
    dryRun: flag,
    ...INQUIRY_SHAPE,
  }),
  reset: z.strictObject({ ref: z.string(), branch: text }),
  restore: z.strictObject({
    ref: z.string(),
    only: z.enum(["commits", "config", "annotations"]).optional(),
    branch: text,
  }),
  reorganize: z.strictObject({
    onto: text,
    from: text,
    order: texts,
    drop: texts,
    squash: z
      .array(
        z.union([
          z.array(z.string()),
          z.strictObject({ refs: z.array(z.string()), content: z.unknown().optional(), message: text }),
        ]),
      )
      .optional(),
    reword: z.array(z.strictObject({ ref: z.string(), message: z.string() })).optional(),
    onMissingTarget: z.enum(ON_MISSING_TARGET).optional(),
    force: flag,
    dryRun: flag,
    branch: text,
  }),
  importCommit: z.strictObject({
    refs: z.array(z.string()),
    fromTract: text,
    onMissingTarget: z.enum(ON_MISSING_TARGET).optional(),
    branch: text,
  }),
  createTag: z.strictObject({ name: z.string(), ref: text, note: text }),
  annotate: z.strictObject({
    refs: z.array(z.string()),
    branch: text,
    priority: z.enum(PRIORITIES).nullable().optional(),
    retain: dictionary.nullable().optional(),
    addLabels: texts,
    removeLabels: texts,
    reason: text,
  }),
  compress: z.strictObject({
    from: text,
    to: text,
    commits: texts,
    olderThan: count,
    targetTokens: count,
    strategy: text,
    keep: count,
    summary: text,
    summaries: texts,
    instructions: text,
    planId: text,
    action: text,
    review: flag,
    dryRun: flag,
    branch: text,
    ...INQUIRY_SHAPE,
  }),
  expand: z.strictObject({
    summary: z.string(),
    query: text,
    budgetTokens: count,
    restore: flag,
    branch: text,
  }),
  uncompress: z.strictObject({ summary: z.string(), branch: text }),
  undo: z.strictObject({ operation: text, branch: text, force: flag, dryRun: flag }),
  recordUsage: z.strictObject({ usage: dictionary, head: text, branch: text }),
  gc: z.strictObject({
    dryRun: flag,
    olderThanDays: z.number().optional(),
    keepOperationsDays: z.number().optional(),
    releaseSourcesOlderThanDays: z.number().optional(),
    signal: signal.optional(),
    progress: callback.optional(),
  }),
  importTranscript: z.strictObject({
    text: z.string(),
    sourceName: text,
    format: z.enum(["auto", "openai", "swe-agent", "tau-bench"]).optional(),
    branch: text,
    signal: signal.optional(),
    progress: callback.optional(),
  }),
};
