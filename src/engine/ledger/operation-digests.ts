/** What a ledger entry proves of the operation it tells of: digests of its record, its annotations and its commits (docs/hashing.md). */
import type { NewAnnotation, NewOperation } from "../../storage/change-set.ts";
import type { Author, CommitRecord, Hash, Json, RefMove, RefValue } from "../../storage/records.ts";
import { canonicalJson } from "../content/canonical-json.ts";
import { sha256 } from "../content/hashes.ts";

/** What the digest of an operation covers: all of its record but its place, and the mark that a later undo sets. */
export interface HashedOperation extends NewOperation {
  readonly refMoves: readonly RefMove[];
  /** How many annotations it wrote. */
  readonly annotationCount: number;
}

export function hashOperation(operation: HashedOperation): Hash {
  const { compressedTokens, originalTokens } = operation;
  // Keys in order, so that canonicalJson has nothing to sort.
  const covered = {
    annotations: operation.annotationCount,
    author: plainAuthor(operation.author),
    branch: operation.branch,
    // Left out when null: operations without them have the digest that they had before there were such fields.
    ...(compressedTokens === null ? {} : { compressed_tokens: compressedTokens }),
    created_at: operation.createdAt,
    id: operation.id,
    idempotency_key: operation.idempotencyKey,
    ...(originalTokens === null ? {} : { original_tokens: originalTokens }),
    params: operation.params,
    ref_moves: operation.refMoves.map(({ kind, name, before, after }) => ({
      after: plainValue(after),
      before: plainValue(before),
      kind,
      name,
    })),
    results: operation.results,
    sources: operation.sources,
    type: operation.type,
    undoes: operation.undoes,
    worktree: operation.worktree,
  };
  return sha256(`tract.operation.v1\n${canonicalJson(covered)}`);
}

/** Of all annotations that an operation wrote, in order. */
export function hashAnnotations(rows: readonly NewAnnotation[]): Hash {
  return sha256(`tract.annotations.v1\n${canonicalJson(rows.map(plainAnnotation))}`);
}

/** What no commit hash covers, of all commits that an operation made, in any order. */
export function hashMadeCommits(commits: readonly Pick<CommitRecord, "hash" | "branch" | "tokens">[]): Hash {
  const rows = commits.map(({ branch, hash, tokens }) => ({ branch, hash, tokens }));
  rows.sort((a, b) => (a.hash < b.hash ? -1 : 1));
  return sha256(`tract.made-commits.v1\n${canonicalJson(rows)}`);
}

function plainAnnotation(row: NewAnnotation): Json {
  return {
    author: plainAuthor(row.author),
    branch: row.branch,
    commit: row.commit,
    created_at: row.createdAt,
    labels: row.labels,
    priority: row.priority,
    reason: row.reason,
    retain: row.retain,
  };
}

function plainAuthor({ kind, name, session_id }: Author): Json {
  return { kind, name, session_id };
}

function plainValue(value: RefValue | null): Json {
  if (value === null) return null;
  return "branch" in value ? { branch: value.branch } : { commit: value.commit, note: value.note ?? null };
}
