/** SHA-256 over canonical JSON with a domain line, so that no two kinds of thing ever share a hash (spec 1.3, docs/hashing.md). */
import { hash as digestOf } from "node:crypto";
import type { Author, CommitOperation, Hash, JsonObject } from "../../storage/records.ts";
import { canonicalJson } from "./canonical-json.ts";

/** SHA-256 of a text in UTF-8, as 64 lower-case hex digits. */
export function sha256(text: string): Hash {
  return digestOf("sha256", text, "hex") as Hash; // The only place that makes a Hash from bytes.
}

/** Hash of a content from its canonical JSON, defaults filled in. */
export function hashContent(canonicalBody: string): Hash {
  return sha256(`tract.content.v1\n${canonicalBody}`);
}

/** What a commit hash covers: everything that is fixed at commit time. */
export interface HashedCommit {
  readonly parents: readonly Hash[];
  readonly contentHash: Hash | null;
  readonly contentType: string | null;
  readonly operation: CommitOperation;
  readonly editTarget: Hash | null;
  readonly message: string;
  readonly metadata: JsonObject | null;
  readonly generationConfig: JsonObject | null;
  readonly labels: readonly string[];
  readonly author: Author;
  readonly createdAt: string;
}

export function hashCommit(commit: HashedCommit): Hash {
  // Keys in order, so that canonicalJson has nothing to sort.
  const body = {
    author: { kind: commit.author.kind, name: commit.author.name, session_id: commit.author.session_id },
    content_hash: commit.contentHash,
    content_type: commit.contentType,
    created_at: commit.createdAt,
    edit_target: commit.editTarget,
    generation_config: commit.generationConfig,
    labels: commit.labels,
    message: commit.message,
    metadata: commit.metadata,
    operation: commit.operation,
    parents: commit.parents,
  };
  return sha256(`tract.commit.v1\n${canonicalJson(body)}`);
}

/** True for 64 lower-case hex digits. */
export function isHash(text: string): text is Hash {
  return /^[0-9a-f]{64}$/.test(text);
}
