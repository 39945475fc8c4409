/** Which operation and ledger entry made a commit (spec 3.9, 4.1). */
import type { CommitRecord } from "../../storage/records.ts";
import type { Engine } from "../engine.ts";

export interface CommitOrigin {
  /** The operation that made it. */
  readonly madeBy: { readonly id: string; readonly type: string } | null;
  /** Id of that operation's ledger entry. */
  readonly ledgerId: string | null;
}

export async function readCommitOrigin(
  { scope, store }: Engine,
  { operationId }: Pick<CommitRecord, "operationId">,
): Promise<CommitOrigin> {
  const operation = await store.findOperation(scope.tract, operationId);
  if (operation === null) return { madeBy: null, ledgerId: null };
  const { id, type } = operation;
  // Other events of the same operation have decisions of their own.
  const own = { submissionId: id, decision: type, order: "asc", limit: 1 } as const;
  const [entry] = await store.readLedger(scope.tract, own);
  return { madeBy: { id, type }, ledgerId: entry?.id ?? null };
}
