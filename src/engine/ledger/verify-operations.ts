/** Verifies operations: each in its place, with its ledger entry, its commits and its annotations. */
import type { LedgerRecord, OperationRecord } from "../../storage/records.ts";
import { type ReadPage, readPages } from "./damaged-rows.ts";
import { pairEntries } from "./operation-entries.ts";
import { RefHistory } from "./ref-history.ts";
import { UndoneMarks } from "./undone-marks.ts";
import type { Verification } from "./verify.ts";
import { verifyAnnotations } from "./verify-annotations.ts";
import { fieldAgainstEntry } from "./verify-evidence.ts";
import { verifyCommitLinks } from "./verify-links.ts";

/** Every operation of the tract, oldest first, against the ledger as it is read; gives where the operations left the refs. */
export async function verifyOperations(
  verification: Verification,
  ledger: AsyncIterator<readonly LedgerRecord[]>,
): Promise<RefHistory> {
  const { advance, engine, report, since } = verification;
  const refs = new RefHistory(report, since === null);
  const entries = pairEntries(verification, ledger);
  const undone = new UndoneMarks();
  const places = new Places(verification);
  const pages = readPages(operationPages(verification), 0, engine.limits.verifyPage, (sequence) =>
    places.skip(sequence),
  );
  for await (const page of pages) {
    const rows = since === null ? page : page.filter(({ createdAt }) => createdAt >= since);
    const paired = new Map<OperationRecord, LedgerRecord | null>();
    for (const operation of page) places.check(operation);
    for (const operation of rows) {
      const entry = await entries.find(operation);
      paired.set(operation, entry);
      const field = entry === null ? null : fieldAgainstEntry(operation, entry);
      if (field !== null) {
        const { sequence } = operation;
        const detail = `its ${field} is not what its ledger entry says`;
        report({ kind: "operation", what: "changed", field, sequence, detail });
      }
      refs.replay(operation);
      undone.add(operation);
    }
    await verifyCommitLinks(verification, paired);
    await verifyAnnotations(verification, rows);
    await advance("operations", rows.length);
  }
  await entries.finish();
  places.finish();
  if (since === null) undone.finish(report);
  return refs;
}

/** What the tract had at the start. */
function operationPages({ engine, tract }: Verification): ReadPage<OperationRecord> {
  const { scope, store } = engine;
  const last = tract?.operationSequence ?? 0;
  return async (after, limit) => {
    const page = await store.scanOperations(scope.tract, after, limit);
    return { rows: page.rows.filter(({ sequence }) => sequence <= last), next: page.next };
  };
}

/** Operations and annotations are numbered without gaps. */
class Places {
  readonly #verification: Verification;
  #sequence = 0;
  /** Newest annotation so far; null after an operation that could not be read. */
  #annotations: number | null = 0;

  constructor(verification: Verification) {
    this.#verification = verification;
  }

  skip(sequence: number): void {
    const detail = "its row cannot be read";
    this.#verification.report({ kind: "operation", what: "unreadable", sequence, detail });
    this.#sequence = sequence;
    this.#annotations = null;
  }

  check({ sequence, annotationsFrom, annotationsTo }: OperationRecord): void {
    const { report } = this.#verification;
    this.#reportGap(sequence);
    const expected = sequence === this.#sequence + 1 ? this.#annotations : null;
    if ((expected !== null && annotationsFrom !== expected) || annotationsTo < annotationsFrom) {
      const detail = "its annotations do not follow upon those of the operation before";
      report({ kind: "operation", what: "changed", field: "annotations", sequence, detail });
    }
    this.#sequence = sequence;
    this.#annotations = annotationsTo;
  }

  /** The tract's own numbers. */
  finish(): void {
    const { report, tract } = this.#verification;
    if (tract === null) return;
    const { annotationSequence, name, operationSequence } = tract;
    this.#reportGap(operationSequence + 1);
    if (this.#sequence !== operationSequence || this.#annotations === null) return;
    if (this.#annotations === annotationSequence) return;
    const detail = "its operations made another number of annotations";
    report({ kind: "tract", what: "changed", field: "annotation_sequence", name, detail });
  }

  #reportGap(sequence: number): void {
    const first = this.#sequence + 1;
    if (first >= sequence) return;
    const detail = first === sequence - 1 ? "it is gone" : `operations ${first} to ${sequence - 1} are gone`;
    this.#verification.report({ kind: "operation", what: "missing", sequence: first, detail });
  }
}
