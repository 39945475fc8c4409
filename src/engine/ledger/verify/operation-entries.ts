/** Pairs operations with their ledger entries: both lists are in the order of writing, so each is read once. */
import type { LedgerRecord, OperationRecord } from "../../../storage/records.ts";
import type { LedgerEvent } from "../entry.ts";
import type { Verification } from "../verify.ts";
import { orDamage } from "./damaged-rows.ts";

/** Events whose entry is written with an operation, one for each. */
const OPERATION_EVENTS: ReadonlySet<string> = new Set<LedgerEvent>(["OPERATION", "IMPORTED"]);

/** Asked in the order of operations. */
export interface OperationEntries {
  /** The entry of an operation if it is the next one on the page that has been read, as it mostly is. */
  readonly atHand: (operation: OperationRecord) => LedgerRecord | undefined;
  /** The entry wherever it is; null, and reported, when there is none. Reports the entries before it that stand alone. */
  readonly find: (operation: OperationRecord) => Promise<LedgerRecord | null>;
  /** Reports the entries that are left, and reads the ledger to its end. */
  readonly finish: () => Promise<void>;
}

/** `pages` is the ledger in order. */
export function pairEntries(
  verification: Verification,
  pages: AsyncIterator<readonly LedgerRecord[]>,
): OperationEntries {
  let page: readonly LedgerRecord[] = [];
  let at = 0;

  /** The next entry of an operation on this page, left in its place. */
  const peekPage = (): LedgerRecord | undefined => {
    while (at < page.length && !OPERATION_EVENTS.has(page[at]?.eventType ?? "")) at++;
    return page[at];
  };
  const peek = async (): Promise<LedgerRecord | undefined> => {
    for (let entry = peekPage(); ; entry = peekPage()) {
      if (entry !== undefined) return entry;
      const read = await pages.next();
      if (read.done === true) return undefined;
      page = read.value;
      at = 0;
    }
  };
  const atHand = (operation: OperationRecord): LedgerRecord | undefined => {
    const entry = peekPage();
    if (entry?.submissionId !== operation.id) return undefined;
    at++;
    return entry;
  };

  return {
    atHand,
    find: async (operation) => {
      for (let entry = await peek(); entry !== undefined; entry = await peek()) {
        const own = atHand(operation);
        if (own !== undefined) return own;
        if (await isOfLaterOperation(verification, entry, operation)) break;
        at++;
      }
      const { id, sequence } = operation;
      const detail = `operation ${id} has no ledger entry`;
      verification.report({ kind: "operation", what: "unlinked", field: "ledger", sequence, detail });
      return null;
    },
    finish: async () => {
      for (let entry = await peek(); entry !== undefined; entry = await peek()) {
        await isOfLaterOperation(verification, entry, null);
        at++;
      }
    },
  };
}

/** False, and reported, for an entry whose operation is gone. */
async function isOfLaterOperation(
  { engine, report }: Verification,
  entry: LedgerRecord,
  operation: OperationRecord | null,
): Promise<boolean> {
  const { sequence, submissionId } = entry;
  const own = await orDamage(engine.store.findOperation(engine.scope.tract, submissionId));
  if (own === undefined) return false; // Unreadable: reported with the operations.
  if (own !== null && own.id === submissionId) return operation !== null && own.sequence > operation.sequence;
  const detail = "the operation that it tells of is gone";
  report({ kind: "ledger", what: "unlinked", field: "submission_id", sequence, detail });
  return false;
}
