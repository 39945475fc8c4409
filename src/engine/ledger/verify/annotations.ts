/** Verifies annotations: none missing, each of a commit that is there, written by the operation that counts it as its own. */
import type { AnnotationRecord, OperationRecord } from "../../../storage/records.ts";
import type { Verification } from "../verify.ts";
import { type ReadPage, readPages } from "./damaged-rows.ts";
import { sameAuthor } from "./links.ts";

/** The annotations that an operation wrote. */
export async function verifyAnnotations(
  verification: Verification,
  operation: OperationRecord,
): Promise<void> {
  const { annotationsFrom: from, annotationsTo: to } = operation;
  const { engine, report } = verification;
  let last = from;
  const unreadable = (sequence: number): void => {
    report({ kind: "annotation", what: "unreadable", sequence, detail: "its row cannot be read" });
    last = sequence;
  };
  const pages = readPages(annotationPages(verification, to), from, engine.limits.verifyPage, unreadable);
  for await (const rows of pages) {
    for (const row of rows) {
      reportGap(verification, last, row.sequence);
      verifyAnnotation(verification, operation, row);
      last = row.sequence;
    }
  }
  reportGap(verification, last, to + 1);
}

function annotationPages({ engine }: Verification, last: number): ReadPage<AnnotationRecord> {
  const { scope, store } = engine;
  return async (after, limit) => {
    if (after >= last) return { rows: [], next: after };
    const upTo = Math.min(after + limit, last);
    const rows = await store.readAnnotations(scope.tract, { after, upTo });
    return { rows, next: upTo };
  };
}

function reportGap({ report }: Verification, before: number, sequence: number): void {
  const first = before + 1;
  if (first >= sequence) return;
  const detail = first === sequence - 1 ? "it is gone" : `annotations ${first} to ${sequence - 1} are gone`;
  report({ kind: "annotation", what: "missing", sequence: first, detail });
}

function verifyAnnotation({ report }: Verification, operation: OperationRecord, row: AnnotationRecord): void {
  const { commit, sequence } = row;
  if (!commit) {
    const detail = "the commit that it is about is gone";
    report({ kind: "annotation", what: "missing", field: "commit", sequence, detail });
  }
  const field = fieldAgainstOperation(operation, row);
  if (field === null) return;
  const detail = `its ${field} is not that of operation ${operation.sequence}, which wrote it`;
  report({ kind: "annotation", what: "changed", field, sequence, detail });
}

function fieldAgainstOperation(
  { author, branch, createdAt, results, sources }: OperationRecord,
  row: AnnotationRecord,
): string | null {
  if (row.createdAt !== createdAt) return "created_at";
  if (!sameAuthor(row.author, author)) return "author";
  if (branch !== null && row.branch !== branch) return "branch";
  return row.commit && !results.includes(row.commit) && !sources.includes(row.commit) ? "commit" : null;
}
