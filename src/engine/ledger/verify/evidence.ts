/** Holds an operation against what its ledger entry says of it. Pure. */
import type { Hash, Json, LedgerRecord, OperationRecord } from "../../../storage/records.ts";

/** The first field of the operation that the entry tells otherwise; null when they agree. */
export function fieldAgainstEntry(operation: OperationRecord, entry: LedgerRecord): string | null {
  const { metadata, provenance } = entry;
  if (operation.type !== entry.decision) return "type";
  if (operation.createdAt !== entry.timestamp) return "created_at";
  if (operation.worktree !== provenance.worktree) return "worktree";
  if (operation.branch !== metadata.branch) return "branch";
  if (!namesCommits(operation, metadata.commits, metadata.after)) return "results";
  return operation.undoes === null || operation.params.operation === metadata.operation ? null : "params";
}

/** `commits` is a list of hashes, or their number; a single new commit is named by `after` alone. */
function namesCommits(
  { results, sources }: OperationRecord,
  commits: Json | undefined,
  after: Json | undefined,
): boolean {
  const named = results.length > 0 ? results : sources;
  if (Array.isArray(commits)) return sameHashes(named, commits);
  if (typeof commits === "number") return named.length === commits;
  return results.length !== 1 || typeof after !== "string" || results[0] === after;
}

function sameHashes(a: readonly Hash[], b: readonly Json[]): boolean {
  return a.length === b.length && a.every((hash, i) => hash === b[i]);
}
