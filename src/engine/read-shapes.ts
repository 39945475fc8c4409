/** What the reading operations take in the library (spec 2 to 4). */
import { z } from "zod";
import { AUTHOR_KINDS } from "./entry-shapes.ts";
import {
  anyWords,
  callback,
  count,
  dictionary,
  flag,
  oneOrMore,
  PRIORITIES,
  paged,
  ROLES,
  signal,
  text,
  texts,
} from "./shape-words.ts";

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

export type ReadShape =
  | "compile"
  | "budgets"
  | "status"
  | "log"
  | "show"
  | "search"
  | "diff"
  | "blame"
  | "operations"
  | "sessions"
  | "queryLedger"
  | "queryByConfig"
  | "verify";

export const READ_SHAPES: Readonly<Record<ReadShape, z.ZodType>> = {
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
  diff: z.strictObject({
    ...paged,
    a: text,
    b: text,
    branch: text,
    kind: z.enum(["context", "commits"]).optional(),
    stat: flag,
  }),
  blame: z.strictObject({ text, ref: text, branch: text }),
  operations: z.strictObject({
    ...paged,
    branch: text,
    type: text,
    commit: text,
    sort: z.enum(["original_tokens", "compressed_tokens", "ratio"]).optional(),
    originalTokensMin: count,
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
  verify: z.strictObject({
    since: text,
    repair: flag,
    signal: signal.optional(),
    progress: callback.optional(),
  }),
};
