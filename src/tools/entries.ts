/** Commits as log, show, status and search tell of them: the fields of spec 8, and a line of text. */
import { z } from "zod";
import type { CommitRecord } from "../storage/records.ts";
import { count, oneLine, shortTime } from "./render.ts";
import type { InputShape } from "./tool.ts";

/** Fields of one entry. */
export const ENTRY_FIELDS: InputShape = {
  hash: z.string(),
  parents: z.array(z.string()),
  operation: z.enum(["append", "edit", "merge", "summary", "reveal"]),
  content_type: z.string().nullable(),
  role: z.string().nullable(),
  message: z.string(),
  tokens: z.int(),
  priority: z.string(),
  labels: z.array(z.string()),
  author: z.strictObject({
    kind: z.string(),
    name: z.string().nullable(),
    session_id: z.string().nullable(),
  }),
  created_at: z.string(),
  edit_target: z.string().nullable(),
  branch: z.string(),
};

/** A commit as a structured entry. */
export function entryOf(commit: CommitRecord): Record<string, unknown> {
  return {
    hash: commit.hash,
    parents: commit.parents,
    operation: commit.operation,
    content_type: commit.contentType,
    role: commit.role,
    message: commit.message,
    tokens: commit.tokens,
    priority: commit.priority,
    labels: commit.labels,
    author: commit.author,
    created_at: commit.createdAt,
    edit_target: commit.editTarget,
    branch: commit.branch,
  };
}

/** A commit as cells of a table: hash, time, role, tokens, what it is, and what is unusual about it; the branch it was made on if asked for. */
export function entryCells(
  commit: CommitRecord,
  short: (hash: CommitRecord["hash"]) => string,
  shows: { readonly branch: boolean } = { branch: false },
): readonly string[] {
  const notes = [
    commit.operation === "append" ? "" : commit.operation,
    commit.editTarget === null ? "" : `of ${short(commit.editTarget)}`,
    shows.branch ? `on ${commit.branch}` : "",
    commit.priority === "normal" ? "" : commit.priority,
    ...commit.labels.map((label) => `#${oneLine(label, LABEL_CHARS)}`),
  ].filter((note) => note !== "");
  const message = oneLine(commit.message, MESSAGE_CHARS);
  return [
    short(commit.hash),
    shortTime(commit.createdAt),
    commit.role ?? "-",
    count(commit.tokens),
    notes.length === 0 ? message : `${message} [${notes.join(" ")}]`,
  ];
}

const MESSAGE_CHARS = 80;
const LABEL_CHARS = 24;
