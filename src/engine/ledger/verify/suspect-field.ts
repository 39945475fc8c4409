/** Names the field of a commit that was changed, where another row still tells what it was. */
import type { CommitRecord, Hash } from "../../../storage/records.ts";
import { hashCommit } from "../../content/hashes.ts";
import { storedText } from "../../content/parse-content.ts";
import { autoMessage } from "../../history/plan-commit.ts";
import type { Verification } from "../verify.ts";
import { orDamage } from "./damaged-rows.ts";

/**
 * Puts in what the operation and the content say, one field at a time: the one with which the hash is right again was changed. `hash` when
 * that tells nothing.
 */
export async function suspectField({ engine }: Verification, commit: CommitRecord): Promise<string> {
  for (const [field, change] of await alternatives(engine, commit))
    if (hashOrNull({ ...commit, ...change }) === commit.hash) return field;
  return "hash";
}

/** null for what cannot be hashed at all, such as text that is no Unicode. */
export function hashOrNull(commit: CommitRecord): Hash | null {
  try {
    return hashCommit(commit);
  } catch {
    return null;
  }
}

type Alternative = readonly [field: string, change: Partial<CommitRecord>];

async function alternatives(
  { scope, store }: Verification["engine"],
  commit: CommitRecord,
): Promise<readonly Alternative[]> {
  const operation = await orDamage(store.findOperation(scope.tract, commit.operationId));
  const content =
    commit.contentHash === null ? null : await orDamage(store.readContents([commit.contentHash]));
  return [
    ...(operation === null ? [] : [operation]).flatMap((of): readonly Alternative[] => [
      ["author", { author: of.author }],
      ["created_at", { createdAt: of.createdAt }],
    ]),
    ...(content ?? []).flatMap((of): readonly Alternative[] => [
      ["content_type", { contentType: of.type }],
      ["message", { message: autoMessage(of.type, storedText(of)) }],
    ]),
    ["message", { message: "" }],
    ["metadata", { metadata: null }],
    ["generation_config", { generationConfig: null }],
    ["labels", { labels: [] }],
    ["edit_target", { editTarget: null }],
    ["parents", { parents: [] }],
    ["operation", { operation: commit.editTarget === null ? "append" : "edit" }],
  ];
}
