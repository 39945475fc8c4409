/** The last step before a write is published: the ledger entry of its operation gets the digests of everything the operation is. */
import type { ChangeSet } from "../../storage/change-set.ts";
import type { JsonObject } from "../../storage/records.ts";
import { hashLedgerBody } from "../ledger/entry.ts";
import { hashAnnotations, hashMadeCommits, hashOperation } from "../ledger/operation-digests.ts";

/**
 * Gives the change set with `record` (digest of the operation and its ref moves) and, when it writes any, `annotations` (their number and
 * digest) and `made` (digest of branch and tokens of its commits) in the metadata of its operation's entry. A plain commit needs no `made`: its
 * commits are on the branch of the operation, and the entry has their tokens. Only here is the change complete: plans add moves and annotations as they go.
 */
export function sealOperation(change: ChangeSet): ChangeSet {
  const { annotations, commits, operation, refMoves } = change;
  if (operation === null) return change;
  const digests: JsonObject = {
    record: hashOperation({ ...operation, refMoves, annotationCount: annotations.length }),
    ...(annotations.length === 0
      ? {}
      : { annotations: { count: annotations.length, digest: hashAnnotations(annotations) } }),
    ...(commits.length === 0 || operation.type === "commit" ? {} : { made: hashMadeCommits(commits) }),
  };
  const ledger = change.ledger.map((entry) => {
    // An LLM call names the operation that it was for, too.
    if (entry.submissionId !== operation.id || entry.decision !== operation.type) return entry;
    const body = { ...entry, metadata: { ...entry.metadata, ...digests } };
    return { ...body, bodyHash: hashLedgerBody(body) };
  });
  return { ...change, ledger };
}
