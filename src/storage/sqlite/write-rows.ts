/** Writing the plain rows of a change set: annotations, compile records, content types. */
import { jsonOrNull, keyOf, listOrNull, toMilliseconds } from "./codec.ts";
import { PRIORITIES } from "./commit-rows.ts";
import { sealCompileRecord } from "./compile-seals.ts";
import type { Writing } from "./publish.ts";
import { requirePlace } from "./write-commits.ts";

export function writeAnnotations(writing: Writing): void {
  const { change, database, tract } = writing;
  const { interned } = database;
  for (const annotation of change.annotations) {
    tract.annotationSequence += 1;
    database
      .sql(
        "INSERT INTO annotations (key, commit_id, priority, author_id, branch_id, created_at, retain, labels, reason) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
      )
      .run(
        keyOf(tract.id, tract.annotationSequence),
        requirePlace(writing, annotation.commit).id,
        annotation.priority === null ? null : PRIORITIES.indexOf(annotation.priority),
        interned.authors.idOf(annotation.author),
        interned.branches.idOf(annotation.branch),
        toMilliseconds(annotation.createdAt),
        jsonOrNull(annotation.retain),
        listOrNull(annotation.labels),
        annotation.reason,
      );
  }
}

export function writeCompileRecords({ change, database, tract }: Writing): void {
  for (const record of change.compileRecords) {
    const sequence = database
      .sql<[number]>(
        `INSERT INTO compile_counts (tract_id, records) VALUES (?, 1)
         ON CONFLICT (tract_id) DO UPDATE SET records = records + 1 RETURNING records`,
      )
      .get(tract.id)?.[0];
    if (sequence === undefined) throw new Error("unreachable: an upsert gives back its row");
    const options = JSON.stringify(record.options);
    const createdAt = toMilliseconds(record.createdAt);
    database
      .sql(
        `INSERT INTO compile_records (key, tract_id, record_id, head, branch, options, annotation_sequence, compiler_version, token_count,
           token_source, commit_count, message_count, digest, created_at, seal)
         VALUES (?, ?, ?, unhex(?), ?, ?, ?, ?, ?, ?, ?, ?, unhex(?), ?, unhex(?))`,
      )
      .run(
        keyOf(tract.id, sequence),
        tract.id,
        record.id,
        record.head,
        record.branch,
        options,
        record.annotationSequence,
        record.compilerVersion,
        record.tokenCount,
        record.tokenSource,
        record.commitCount,
        record.messageCount,
        record.digest,
        createdAt,
        sealCompileRecord(sequence, [
          record.id,
          record.head ?? "",
          record.branch,
          options,
          record.annotationSequence,
          record.compilerVersion,
          record.tokenCount,
          record.tokenSource,
          record.commitCount,
          record.messageCount,
          record.digest,
          createdAt,
        ]),
      );
  }
}

/** Registering a name again replaces what it meant. */
export function writeContentTypes({ change, database, tract }: Writing): void {
  for (const { name, schema, role, priority } of change.contentTypes)
    database
      .sql(
        `INSERT INTO content_types (tract_id, name, schema, role, priority) VALUES (?, ?, ?, ?, ?)
         ON CONFLICT (tract_id, name) DO UPDATE SET schema = excluded.schema, role = excluded.role, priority = excluded.priority`,
      )
      .run(tract.id, name, JSON.stringify(schema), role, PRIORITIES.indexOf(priority));
}
