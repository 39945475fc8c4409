/** Holds an operation against what its ledger entry says of it. Pure. */
import type { Hash, Json, LedgerRecord, OperationRecord, RefMove } from "../../../storage/records.ts";
import { branchOf, commitOf } from "../../history/ref-value.ts";

/** The first field of the operation that the entry tells otherwise; null when they agree. */
export function fieldAgainstEntry(operation: OperationRecord, entry: LedgerRecord): string | null {
  const { metadata, provenance } = entry;
  if (operation.type !== entry.decision) return "type";
  if (operation.createdAt !== entry.timestamp) return "created_at";
  if (operation.worktree !== provenance.worktree) return "worktree";
  if (operation.branch !== metadata.branch) return "branch";
  if (!namesCommits(operation, metadata.commits, metadata.after)) return "results";
  if ((operation.undoes !== null) !== (metadata.operation !== undefined)) return "undoes";
  if (operation.undoes !== null && operation.params.operation !== metadata.operation) return "params";
  return MOVES.every((isAsSaid) => isAsSaid(operation, metadata)) ? null : "ref_moves";
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

type Metadata = LedgerRecord["metadata"];

/** What entries say of the refs that an operation moved; each holds when its entry says nothing. */
const MOVES: readonly ((operation: OperationRecord, metadata: Metadata) => boolean)[] = [
  ({ branch, refMoves }, { before, after }) => {
    if (before === undefined || after === undefined || before === after) return true;
    const move = findMove(refMoves, "branch", branch);
    return move !== undefined && commitOf(move.before) === before && commitOf(move.after) === after;
  },
  ({ worktree, refMoves }, { to }) => {
    if (to === undefined) return true;
    const after = findMove(refMoves, "worktree", worktree)?.after;
    return after !== undefined && (branchOf(after) ?? commitOf(after)) === to;
  },
  ({ refMoves }, { tag }) => typeof tag !== "string" || findMove(refMoves, "tag", tag) !== undefined,
];

function findMove(
  moves: readonly RefMove[],
  kind: RefMove["kind"],
  name: string | null,
): RefMove | undefined {
  return moves.find((move) => move.kind === kind && move.name === name);
}
