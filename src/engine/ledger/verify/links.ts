/** Verifies the links between an operation and its commits, in both directions. */
import type { Author, CommitRecord, Hash, LedgerRecord, OperationRecord } from "../../../storage/records.ts";
import { hashMadeCommits } from "../operation-digests.ts";
import type { Verification } from "../verify.ts";
import { orDamage } from "./damaged-rows.ts";
import type { NamedCommit } from "./made-commits.ts";

/** What an operation says it made, and who else speaks of it. */
export interface Results {
  readonly operation: OperationRecord;
  /** Its ledger entry, if it has one. */
  readonly entry: LedgerRecord | null;
  /** In the order of its results. */
  readonly commits: readonly NamedCommit[];
}

/** Gives the commits that name another operation as the one that made them: verifyOtherMaker has to look at those. */
export function verifyResults(verification: Verification, results: Results): readonly CommitRecord[] {
  const { operation, commits } = results;
  const foreign: CommitRecord[] = [];
  for (const commit of commits) {
    // What is gone verifyGone looks at.
    if (commit?.operationId === operation.id) verifyMaker(verification, operation, commit);
    else if (commit != null) foreign.push(commit);
  }
  const isCounted = verifyTokens(verification, results);
  // What was there already was made with another branch, perhaps; the digest holds only for a write that made them all.
  if (isCounted && foreign.length === 0) verifyMade(verification, results);
  return foreign;
}

export async function verifySources(verification: Verification, operation: OperationRecord): Promise<void> {
  const { scope, store } = verification.engine;
  const gone: Hash[] = [];
  for (const hash of operation.sources) {
    const [found] = await store.findCommits(scope.tract, hash, 1);
    if (found === undefined) gone.push(hash);
  }
  if (gone.length > 0) await verifyGone(verification, operation, "sources", gone);
}

/** What an operation names and is not there must have been removed by gc. */
export async function verifyGone(
  { engine, report }: Verification,
  { sequence }: OperationRecord,
  field: "results" | "sources",
  gone: readonly Hash[],
): Promise<void> {
  const removed = new Set(await orDamage(engine.store.findCollected(engine.scope.tract, gone)));
  for (const hash of gone) {
    if (removed.has(hash)) continue;
    const detail = `operation ${sequence} names it among its ${field}, and it is gone`;
    report({ kind: "commit", what: "missing", field, hash, sequence, detail });
  }
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

/** Branch and tokens of the commits that an operation made, which no commit hash covers. */
function verifyMade({ report }: Verification, { operation, entry, commits }: Results): void {
  const made = entry?.metadata.made;
  const rows = commits.filter((commit) => commit !== null && commit !== undefined);
  if (typeof made !== "string" || rows.length < commits.length || hashMadeCommits(rows) === made) return;
  const { branch, results, sequence } = operation;
  const isBranch = branch !== null && hashMadeCommits(rows.map((row) => ({ ...row, branch }))) === made;
  const hash = results.length === 1 ? (results[0] ?? null) : null;
  const detail = `the branch or the tokens of the commits that operation ${sequence} made are not what was written`;
  report({ kind: "commit", what: "changed", field: isBranch ? "branch" : "tokens", hash, sequence, detail });
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

/** Tokens are no part of a commit's hash, but the ledger has their sum. False, and reported, when they are not those. */
function verifyTokens({ report }: Verification, { operation, entry, commits }: Results): boolean {
  const said = entry?.metadata.tokens;
  if (commits.length === 0 || typeof said !== "number") return true;
  let sum = 0;
  for (const commit of commits) {
    if (!commit) return true; // Reported already.
    sum += commit.tokens;
  }
  if (said === sum) return true;
  const { results, sequence } = operation;
  const hash = results.length === 1 ? (results[0] ?? null) : null;
  const detail = `the ledger counts ${said} tokens for operation ${sequence}, its commits have ${sum}`;
  report({ kind: "commit", what: "changed", field: "tokens", hash, sequence, detail });
  return false;
}
