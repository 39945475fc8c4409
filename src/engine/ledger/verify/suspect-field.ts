/** Names the field of a commit that was changed, where another row still tells what it was. */
import type { CommitOperation, CommitRecord, Hash } from "../../../storage/records.ts";
import { hashCommit, hashContent } from "../../content/hashes.ts";
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
  { contentHash, operationId }: CommitRecord,
): Promise<readonly Alternative[]> {
  const operation = await orDamage(store.findOperation(scope.tract, operationId));
  const contents = contentHash === null ? [] : await orDamage(store.readContents([contentHash]));
  const content = contents?.find(({ body, hash }) => hashContent(body) === hash);
  const known: Alternative[] = [];
  if (operation)
    known.push(["author", { author: operation.author }], ["created_at", { createdAt: operation.createdAt }]);
  if (content) {
    const message = autoMessage(content.type, storedText(content));
    known.push(["content_type", { contentType: content.type }], ["message", { message }]);
  }
  return [
    ...known,
    ["message", { message: "" }],
    ["metadata", { metadata: null }],
    ["generation_config", { generationConfig: null }],
    ["labels", { labels: [] }],
    ["edit_target", { editTarget: null }],
    ["parents", { parents: [] }],
    ...OPERATIONS.map((operation): Alternative => ["operation", { operation }]),
  ];
}

const OPERATIONS: readonly CommitOperation[] = ["append", "edit", "merge", "summary", "reveal"];
