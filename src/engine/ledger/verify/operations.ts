/** Verifies operations: each in its place, with its ledger entry, its commits and its annotations. */
import type { CommitRecord, LedgerRecord, OperationRecord } from "../../../storage/records.ts";
import type { Verification } from "../verify.ts";
import { verifyAnnotations } from "./annotations.ts";
import { type ReadPage, readPages } from "./damaged-rows.ts";
import { fieldAgainstRecord } from "./digests.ts";
import { fieldAgainstEntry } from "./evidence.ts";
import { verifyGone, verifyOtherMaker, verifyResults, verifySources } from "./links.ts";
import { pairCommits } from "./made-commits.ts";
import { pairEntries } from "./operation-entries.ts";
import { RefHistory } from "./ref-history.ts";
import { UndoneMarks } from "./undone-marks.ts";

/** What operations are held against, each in the order of writing. */
export interface Counterparts {
  readonly ledger: AsyncIterator<readonly LedgerRecord[]>;
  readonly commits: AsyncIterator<readonly CommitRecord[]>;
}

/** Every operation of the tract, oldest first; gives where they left the refs. Reads its counterparts to their ends. */
export async function verifyOperations(
  verification: Verification,
  { ledger, commits }: Counterparts,
): Promise<RefHistory> {
  const { advance, engine, report, since } = verification;
  const entries = pairEntries(verification, ledger);
  const made = pairCommits(verification, commits);
  const refs = new RefHistory(verification);
  const undone = new UndoneMarks();
  const places = new Places(verification);
  const read = operationPages(verification);
  for await (const page of readPages(read, 0, engine.limits.verifyPage, (place) => places.skip(place))) {
    for (const operation of page) places.check(operation);
    const rows = since === null ? page : page.filter(({ createdAt }) => createdAt >= since);
    for (const operation of rows) {
      // Mostly everything is at hand: waiting a moment for each would cost more than the checks.
      const entry = entries.atHand(operation) ?? (await entries.find(operation));
      const commits = made.atHand(operation.results) ?? (await made.find(operation.results));
      if (entry !== null) verifyEvidence(verification, operation, entry);
      const gone = operation.results.filter((_, index) => commits[index] === undefined);
      if (gone.length > 0) await verifyGone(verification, operation, "results", gone);
      for (const commit of verifyResults(verification, { operation, entry, commits }))
        await verifyOtherMaker(verification, commit);
      await refs.verifyMade(operation);
      for (const move of refs.replay(operation)) await refs.verifyStart(operation, move);
      if (operation.sources.length > 0) await verifySources(verification, operation);
      if (operation.annotationsTo > operation.annotationsFrom)
        await verifyAnnotations(verification, operation, entry);
      undone.add(operation);
    }
    await advance("operations", rows.length);
  }
  await entries.finish();
  await made.finish();
  places.finish();
  if (since === null) undone.finish(report);
  return refs;
}

function verifyEvidence({ report }: Verification, operation: OperationRecord, entry: LedgerRecord): void {
  // What the entry says in words is looked at only when its digest does not hold: then it tells which field it is.
  const digestField = fieldAgainstRecord(operation, entry);
  const field = (digestField === "record" ? fieldAgainstEntry(operation, entry) : null) ?? digestField;
  if (field === null) return;
  const { sequence } = operation;
  const detail =
    field === "record"
      ? "its digest is another: one of author, ref moves, sources, results, params, undoes and idempotency key was changed"
      : `its ${field} is not what its ledger entry says`;
  report({ kind: "operation", what: "changed", field, sequence, detail });
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
