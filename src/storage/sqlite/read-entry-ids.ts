/** The ids of operations' own ledger entries, without reading what either holds: a batch's are large. */
import { type Database, findTractId } from "./database.ts";
import { packUlid } from "./ulid.ts";
import { unpackEntryId } from "./write-ledger.ts";

/** An operation's own entry says the type of the operation as its decision; it may have others. */
export function readEntryIds(
  database: Database,
  tract: string,
  operationIds: readonly string[],
): readonly (string | null)[] {
  const tractId = findTractId(database, tract);
  const statement = database.sql<[string]>(
    `SELECT iif(typeof(l.id) = 'blob', hex(l.id), '=' || l.id) FROM operations o JOIN names k ON k.id = o.kind_id
       JOIN ledger l ON l.key > (o.key >> 32 << 32) + o.ledger_from AND l.key <= (o.key >> 32 << 32) + o.ledger_from + o.ledger_count
       JOIN names n ON n.id = l.kind_id
     WHERE o.tract_id = +? AND o.id = +? AND l.submission IS NULL AND n.identity ->> 1 = k.identity ->> 1 ORDER BY l.key LIMIT 1`,
  );
  return operationIds.map((id) => {
    const packed = packUlid(id);
    const row = packed === null ? undefined : statement.get(tractId, packed);
    return row === undefined ? null : unpackEntryId(row[0]);
  });
}
