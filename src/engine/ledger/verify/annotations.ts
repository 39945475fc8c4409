/** Verifies annotations: none missing, each of a commit that is there, written by the operation that counts it as its own. */
import type { AnnotationRecord, LedgerRecord, OperationRecord } from "../../../storage/records.ts";
import type { Verification } from "../verify.ts";
import { type ReadPage, readPages } from "./damaged-rows.ts";
import { changedAnnotation } from "./digests.ts";
import { sameAuthor } from "./links.ts";

/** The annotations that an operation wrote; `entry` is its ledger entry, if it has one. */
export async function verifyAnnotations(
  verification: Verification,
  operation: OperationRecord,
  entry: LedgerRecord | null,
): Promise<void> {
  const { annotationsFrom: from, annotationsTo: to } = operation;
  const { engine, report } = verification;
  let last = from;
  let isWhole = true;
  const all: AnnotationRecord[] = [];
  const unreadable = (sequence: number): void => {
    report({ kind: "annotation", what: "unreadable", sequence, detail: "its row cannot be read" });
    isWhole = false;
    last = sequence;
  };
  const pages = readPages(annotationPages(verification, to), from, engine.limits.verifyPage, unreadable);
  for await (const rows of pages) {
    for (const row of rows) {
      reportGap(verification, last, row.sequence);
      isWhole = verifyAnnotation(verification, operation, row) && isWhole;
      all.push(row);
      last = row.sequence;
    }
  }
  reportGap(verification, last, to + 1);
  // What was said of single rows needs no second report.
  if (entry !== null && isWhole && all.length === to - from)
    verifyDigest(verification, operation, entry, all);
}

/** What a judgement says stands nowhere but in its row and in the digest. */
function verifyDigest(
  { report }: Verification,
  { sequence: operation, annotationsFrom }: OperationRecord,
  entry: LedgerRecord,
  rows: readonly AnnotationRecord[],
): void {
  const changed = changedAnnotation(rows, entry);
  if (changed === null) return;
  const { field } = changed;
  const sequence = changed.sequence ?? annotationsFrom + 1;
  const which = changed.sequence === null ? `of one of the ${rows.length} annotations from here on ` : "";
  const what = field ?? "one of branch, priority, retain, labels and reason";
  const detail = `${what} ${which}is not what operation ${operation} wrote`;
  report({ kind: "annotation", what: "changed", field: field ?? "state", sequence, detail });
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

/** False when there was something to report. */
function verifyAnnotation(
  { report }: Verification,
  operation: OperationRecord,
  row: AnnotationRecord,
): boolean {
  const { commit, sequence } = row;
  if (!commit) {
    const detail = "the commit that it is about is gone";
    report({ kind: "annotation", what: "missing", field: "commit", sequence, detail });
  }
  const field = fieldAgainstOperation(operation, row);
  if (field === null) return Boolean(commit);
  const detail = `its ${field} is not that of operation ${operation.sequence}, which wrote it`;
  report({ kind: "annotation", what: "changed", field, sequence, detail });
  return false;
}

function fieldAgainstOperation(
  { author, branch, createdAt, refMoves, results, sources, type }: OperationRecord,
  row: AnnotationRecord,
): string | null {
  if (row.createdAt !== createdAt) return "created_at";
  if (!sameAuthor(row.author, author)) return "author";
  // A spawn also judges commits on the branch that it makes.
  const isMoved = refMoves.some(({ kind, name }) => kind === "branch" && name === row.branch);
  // The row of an undo keeps the branch of the row that it takes back, which only the digest tells of.
  if (type !== "undo" && branch !== null && row.branch !== branch && !isMoved) return "branch";
  return row.commit && !results.includes(row.commit) && !sources.includes(row.commit) ? "commit" : null;
}
