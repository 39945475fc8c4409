/** What commit, batch, the shorthands and recordTurn take in the library (spec 1, 4.2). */
import { z } from "zod";
import { callback, dictionary, flag, PRIORITIES, ROLES, text, texts } from "./shape-words.ts";

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

export type CommitShape =
  | "commitOptions"
  | "batchItems"
  | "batchOptions"
  | "systemOptions"
  | "userOptions"
  | "assistantOptions"
  | "recordTurn"
  | "contentType";

export const COMMIT_SHAPES: Readonly<Record<CommitShape, z.ZodType>> = {
  commitOptions: z.strictObject({ ...about, ...place }),
  batchItems: z.array(z.strictObject({ content: z.unknown(), ...about })),
  batchOptions: z.strictObject(place),
  systemOptions: z.strictObject(shorthand),
  userOptions: z.strictObject({ ...shorthand, name: text }),
  assistantOptions: z.strictObject({ ...shorthand, name: text, generationConfig: dictionary.optional() }),
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
  contentType: z.strictObject({
    role: z.enum(ROLES).nullable().optional(),
    defaultPriority: z.enum(PRIORITIES).optional(),
    toText: callback.optional(),
  }),
};
