/** Checks what a program without types hands to the library: a wrong or unknown option is told, never ignored (spec 9, 26). */
import { z } from "zod";
import { AUTOMATION_SHAPES, type AutomationShape } from "./automation-shapes.ts";
import { CONVERSATION_SHAPES, type ConversationShape, INQUIRY_SHAPE } from "./conversation-shapes.ts";
import { AUTHOR_KINDS, ENTRY_SHAPES, type EntryShape } from "./entry-shapes.ts";
import { TractError } from "./errors.ts";
import { invariant } from "./invariant.ts";
import { nearest } from "./nearest.ts";
import { callback, count, dictionary, flag, signal, text, texts } from "./shape-words.ts";
import { explainIssue, listNames, namesTold, pathTold } from "./zod-words.ts";

const ROLES = ["system", "user", "assistant", "tool"] as const;
const PRIORITIES = ["skip", "normal", "important", "pinned"] as const;
const ON_MISSING_TARGET = ["error", "as_append", "with_target", "drop"] as const;

/** One of some words, or several of them. */
function oneOrMore<const Words extends readonly [string, ...string[]]>(words: Words): z.ZodType {
  return z
    .union([z.enum(words), z.array(z.enum(words))], {
      error: `expected one or several of ${words.join(", ")}`,
    })
    .optional();
}
const anyWords = z
  .union([z.string(), z.array(z.string())], { error: "expected a text or several" })
  .optional();

const shorthand = { message: text, metadata: dictionary.optional() };
const place = {
  branch: text,
  expectedHead: z.string().nullable().optional(),
  idempotencyKey: text,
  contextTokens: flag,
};
const about = {
  role: z.enum(["user", "assistant", "system"]).optional(),
  contentType: text,
  name: text,
  message: z.string().nullable().optional(),
  operation: z.enum(["append", "edit"]).optional(),
  editTarget: text,
  labels: texts,
  metadata: dictionary.nullable().optional(),
  generationConfig: dictionary.nullable().optional(),
  priority: z.enum(PRIORITIES).optional(),
};
const compiled = {
  ref: text,
  branch: text,
  asOf: text,
  strategy: z.enum(["full", "outline", "adaptive"]).optional(),
  recent: count,
  budgetTokens: count,
  format: z.enum(["messages", "openai", "anthropic", "markdown"]).optional(),
  include: texts,
  exclude: texts,
  includeLabels: texts,
  excludeLabels: texts,
  includeReasoning: flag,
  record: flag,
  recordId: text,
};
const filter = {
  operation: oneOrMore(["append", "edit", "merge", "summary", "reveal"]),
  contentType: anyWords,
  role: oneOrMore(ROLES),
  author: oneOrMore(AUTHOR_KINDS),
  since: text,
  until: text,
};
const paged = { limit: count, cursor: text };

/** Requests of the library, by what takes them. */
export type ShapeName =
  | "text"
  | "commitOptions"
  | "batchItems"
  | "batchOptions"
  | "systemOptions"
  | "userOptions"
  | "assistantOptions"
  | "compile"
  | "budgets"
  | "status"
  | "diff"
  | "blame"
  | "reset"
  | "restore"
  | "reorganize"
  | "importCommit"
  | "log"
  | "show"
  | "search"
  | "listBranches"
  | "createBranch"
  | "renameBranch"
  | "deleteBranch"
  | "merge"
  | "createTag"
  | "annotate"
  | "compress"
  | "expand"
  | "uncompress"
  | "operations"
  | "spawn"
  | "collapse"
  | "timeline"
  | "send"
  | "undo"
  | "queryLedger"
  | "recordTurn"
  | "sessions"
  | "queryByConfig"
  | "recordUsage"
  | "verify"
  | "gc"
  | "importTranscript"
  | "contentType"
  | EntryShape
  | ConversationShape
  | AutomationShape;

const SHAPES: Readonly<Record<ShapeName, z.ZodType>> = {
  ...ENTRY_SHAPES,
  ...CONVERSATION_SHAPES,
  ...AUTOMATION_SHAPES,
  text: z.string(),
  commitOptions: z.strictObject({ ...about, ...place }),
  batchItems: z.array(z.strictObject({ content: z.unknown(), ...about })),
  batchOptions: z.strictObject(place),
  systemOptions: z.strictObject(shorthand),
  userOptions: z.strictObject({ ...shorthand, name: text }),
  assistantOptions: z.strictObject({ ...shorthand, name: text, generationConfig: dictionary.optional() }),
  compile: z.strictObject(compiled),
  budgets: z.array(z.int().min(1)),
  status: z.strictObject({ branch: text, tracts: flag }),
  log: z.strictObject({
    ...filter,
    ...paged,
    ref: text,
    branch: text,
    label: anyWords,
    priority: oneOrMore(PRIORITIES),
    text,
    firstParent: flag,
  }),
  show: z.strictObject({ refs: z.array(z.string()), branch: text, offset: count, limit: count }),
  diff: z.strictObject({
    ...paged,
    a: text,
    b: text,
    branch: text,
    kind: z.enum(["context", "commits"]).optional(),
    stat: flag,
  }),
  blame: z.strictObject({ text, ref: text, branch: text }),
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
  search: z.strictObject({
    ...filter,
    ...paged,
    query: z.string(),
    ref: text,
    branch: text,
    neighbours: count,
    budgetTokens: count,
    signal: signal.optional(),
  }),
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
  operations: z.strictObject({
    ...paged,
    branch: text,
    type: text,
    commit: text,
    sort: z.enum(["original_tokens", "compressed_tokens", "ratio"]).optional(),
    originalTokensMin: count,
  }),
  spawn: z.strictObject({
    purpose: z.string(),
    inherit: z.enum(["head", "full", "selective", "none"]).optional(),
    filter: z
      .strictObject({ types: texts, labels: texts, priorities: z.array(z.enum(PRIORITIES)).optional() })
      .optional(),
    budgetTokens: count,
    name: text,
    as: z.enum(["branch", "tract"]).optional(),
    branch: text,
  }),
  collapse: z.strictObject({
    child: text,
    into: text,
    summary: text,
    strategy: z.enum(["manual", "agent", "llm", "last_output"]).optional(),
    review: flag,
    force: flag,
    planId: text,
    action: z.enum(["edit", "approve", "reject"]).optional(),
    ...INQUIRY_SHAPE,
  }),
  timeline: z.strictObject(paged),
  send: z.strictObject({ to: z.string(), content: z.unknown() }),
  undo: z.strictObject({ operation: text, branch: text, force: flag, dryRun: flag }),
  recordTurn: z.strictObject({
    userMessage: z.string(),
    response: z.string(),
    session: text,
    commit: flag,
    generationConfig: dictionary.nullable().optional(),
    usage: dictionary.nullable().optional(),
    promptsUsed: texts,
    branch: text,
  }),
  sessions: z.strictObject({ ...paged, session: text }),
  queryLedger: z.strictObject({
    ...paged,
    eventType: anyWords,
    submissionId: text,
    session: text,
    decision: text,
    tool: text,
    branch: text,
    model: text,
    aggregate: z.enum(["event_type", "model", "operation", "session", "day"]).optional(),
    commit: text,
    since: text,
    until: text,
    text,
    metadata: z.enum(["keys", "excerpt", "full"]).optional(),
    order: z.enum(["asc", "desc"]).optional(),
    signal: signal.optional(),
  }),
  queryByConfig: z.strictObject({
    ...filter,
    ...paged,
    conditions: z
      .array(z.strictObject({ field: z.string(), op: z.string(), value: z.unknown().optional() }))
      .optional(),
    config: dictionary.optional(),
    ref: text,
    branch: text,
    firstParent: flag,
  }),
  recordUsage: z.strictObject({ usage: dictionary, head: text, branch: text }),
  gc: z.strictObject({
    dryRun: flag,
    olderThanDays: z.number().optional(),
    keepOperationsDays: z.number().optional(),
    releaseSourcesOlderThanDays: z.number().optional(),
    signal: signal.optional(),
    progress: callback.optional(),
  }),
  verify: z.strictObject({
    since: text,
    repair: flag,
    signal: signal.optional(),
    progress: callback.optional(),
  }),
  importTranscript: z.strictObject({
    text: z.string(),
    sourceName: text,
    format: z.enum(["auto", "openai", "swe-agent", "tau-bench"]).optional(),
    branch: text,
  }),
  contentType: z.strictObject({
    role: z.enum(ROLES).nullable().optional(),
    defaultPriority: z.enum(PRIORITIES).optional(),
    toText: callback.optional(),
  }),
};

/**
 * Gives a request back when it has the shape that it must have.
 *
 * @param name How the request is called in errors.
 * @throws TractError `invalid-argument` with the option's path; an unknown option is told with the nearest names.
 */
export function checkShape<Request>(shape: ShapeName, request: Request, name: string): Request {
  const parsed = SHAPES[shape].safeParse(request);
  if (parsed.success) return request;
  const issue = parsed.error.issues[0];
  invariant(issue, "a failed check names an issue");
  const { path: at, problem } = explainIssue(issue, request);
  const path = pathTold([name, ...at.map(String)].join("."));
  if (issue.code === "unrecognized_keys") {
    const known = optionNames(SHAPES[shape]);
    const unknown = namesTold(issue.keys);
    const near = nearest(unknown[0] ?? "", known);
    throw new TractError("invalid-argument", `${path}: there is no option ${listNames(issue.keys)}`, {
      hint: near.length > 0 ? `Did you mean ${near.join(" or ")}?` : `Options: ${known.join(", ")}.`,
      data: { path, unknown, near },
    });
  }
  throw new TractError("invalid-argument", `${path}: ${problem}`, {
    hint: "Correct this option and call again; nothing was done.",
    data: { path },
  });
}

function optionNames(schema: z.ZodType): readonly string[] {
  return schema instanceof z.ZodObject ? Object.keys(schema.shape) : [];
}
