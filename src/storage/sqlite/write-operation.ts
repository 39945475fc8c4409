/** Writing the operation record, and the marks of what it undoes. */
import type { NewOperation } from "../change-set.ts";
import type { JsonObject } from "../records.ts";
import { joinHashes, keyOf } from "./codec.ts";
import type { Writing } from "./publish.ts";
import { packUlid } from "./ulid.ts";

export function writeOperation(writing: Writing, operation: NewOperation, moved: readonly number[]): void {
  const { change, database, places, time, tract } = writing;
  const { interned } = database;
  tract.operationSequence += 1;
  const key = keyOf(tract.id, tract.operationSequence);
  tract.operationSkew = Math.max(tract.operationSkew, tract.operationTime - time);
  tract.operationTime = Math.max(tract.operationTime, time);
  database
    .sql(
      `INSERT INTO operations (key, tract_id, id, kind_id, author_id, branch_id, annotations_from, annotations_count, ledger_from, ledger_count,
         created_at, undoes, undone, moved_ref, moved_refs, params, results, sources, idempotency_key, original_tokens,
         compressed_tokens)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 0, ?, ?, ?, unhex(?), unhex(?), ?, ?, ?)`,
    )
    .run(
      key,
      tract.id,
      requireUlid(operation.id),
      interned.operationKinds.idOf(operation),
      interned.authors.idOf(operation.author),
      operation.branch === null ? null : interned.branches.idOf(operation.branch),
      tract.annotationSequence,
      change.annotations.length,
      tract.ledgerSequence,
      change.ledger.length,
      time,
      operation.undoes,
      moved.length === 1 ? (moved[0] ?? null) : null,
      moved.length > 1 ? JSON.stringify(moved) : null,
      packParams(operation.params),
      joinHashes(operation.results),
      joinHashes(operation.sources),
      operation.idempotencyKey,
      operation.originalTokens,
      operation.compressedTokens,
    );
  const uses = new Set([...operation.sources, ...operation.results]);
  for (const hash of uses) {
    // The row of a commit names the operation that made it.
    if (places.get(hash)?.isNew) continue;
    database.sql("INSERT INTO operation_uses (hash, operation_key) VALUES (unhex(?), ?)").run(hash, key);
  }
}

export function writeUndoneMarks({ change, database, tract }: Writing): void {
  for (const { sequence, undone } of change.undoneMarks)
    database
      .sql("UPDATE operations SET undone = ? WHERE key = +?")
      .run(undone ? 1 : 0, keyOf(tract.id, sequence));
}

function requireUlid(id: string): Uint8Array {
  const packed = packUlid(id);
  if (packed === null) throw new TypeError("the id of an operation must be a ULID");
  return packed;
}

function packParams(params: JsonObject): string | null {
  const text = JSON.stringify(params);
  return text === "{}" ? null : text;
}
