/** Verifies the links between an operation and its commits, in both directions. */
import type { Author, CommitRecord, Hash, LedgerRecord, OperationRecord } from "../../../storage/records.ts";
import type { Verification } from "../verify.ts";
import { orDamage } from "./damaged-rows.ts";
import type { MadeCommits } from "./made-commits.ts";

/** `entry` is the operation's ledger entry, if it has one. */
export async function verifyLinks(
  verification: Verification,
  made: MadeCommits,
  operation: OperationRecord,
  entry: LedgerRecord | null,
): Promise<void> {
  const { results, sources } = operation;
  const commits = await made.take(results);
  for (const hash of results) {
    const commit = commits.get(hash);
    if (commit === undefined) reportGone(verification, operation, "results", hash);
    else if (commit?.operationId === operation.id) verifyMaker(verification, operation, commit);
    else if (commit !== null) await verifyOtherMaker(verification, commit);
  }
  const { scope, store } = verification.engine;
  for (const hash of sources) {
    const [found] = await store.findCommits(scope.tract, hash, 1);
    if (found === undefined) reportGone(verification, operation, "sources", hash);
  }
  if (entry !== null && results.length > 0) verifyTokens(verification, operation, commits, entry);
}

function reportGone(
  { report }: Verification,
  { sequence }: OperationRecord,
  field: "results" | "sources",
  hash: Hash,
): void {
  const detail = `operation ${sequence} names it among its ${field}, and it is gone`;
  report({ kind: "commit", what: "missing", field, hash, sequence, detail });
}

/** Only a plain commit is on one branch, by one author. */
function verifyMaker({ report }: Verification, operation: OperationRecord, commit: CommitRecord): void {
  if (operation.type !== "commit") return;
  if (operation.branch !== commit.branch) {
    const detail = "the operation that made it was on another branch";
    report({ kind: "commit", what: "changed", field: "branch", hash: commit.hash, detail });
  }
  if (!sameAuthor(operation.author, commit.author)) {
    const { sequence } = operation;
    const detail = "the commits that it made have another author";
    report({ kind: "operation", what: "changed", field: "author", sequence, detail });
  }
}

/** The operation that a commit names must name the commit too. */
export async function verifyOtherMaker(
  { engine, report, tract }: Verification,
  { hash, operationId }: CommitRecord,
): Promise<void> {
  if (operationId === "") return; // It is gone: reported with the commit.
  const maker = await orDamage(engine.store.findOperation(engine.scope.tract, operationId));
  // What others write meanwhile is not looked at.
  if (!maker || maker.sequence > (tract?.operationSequence ?? 0) || maker.results.includes(hash)) return;
  const detail = "the operation that it names did not make it";
  report({ kind: "commit", what: "changed", field: "operation", hash, detail });
}

export function sameAuthor(a: Author, b: Author): boolean {
  return a.kind === b.kind && a.name === b.name && a.session_id === b.session_id;
}

/** Tokens are no part of a commit's hash, but the ledger has their sum. */
function verifyTokens(
  { report }: Verification,
  { results, sequence }: OperationRecord,
  commits: ReadonlyMap<Hash, CommitRecord | null>,
  { metadata }: LedgerRecord,
): void {
  let sum = 0;
  for (const hash of results) {
    const commit = commits.get(hash);
    if (!commit) return; // Reported already.
    sum += commit.tokens;
  }
  if (typeof metadata.tokens !== "number" || metadata.tokens === sum) return;
  const hash = results.length === 1 ? (results[0] ?? null) : null;
  const detail = `the ledger counts ${metadata.tokens} tokens for operation ${sequence}, its commits have ${sum}`;
  report({ kind: "commit", what: "changed", field: "tokens", hash, sequence, detail });
}
