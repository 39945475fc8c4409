/** Finds what is wrong with things that can be made again (schema objects, derived tables and columns), and makes them again. */
import { checkSchema } from "./check-schema.ts";
import type { Connection } from "./connection.ts";
import { type Database, rollback } from "./database.ts";
import { DERIVED, type Derived } from "./derived-tables.ts";

/** In words, one for each thing that `repairDerived` or a new search index makes right; empty when sound. */
export function checkDerived(database: Database, openMemory: () => Connection): readonly string[] {
  const schema = checkSchema(database, openMemory);
  const findings = schema.filter(({ mend }) => mend !== null).map(({ detail }) => detail);
  const broken = new Set(schema.filter(({ type }) => type === "table").map(({ name }) => name));
  for (const derived of DERIVED) {
    // A table that is not as it should be was named already.
    if (derived.tables.some((table) => broken.has(table))) continue;
    const finding = derived.check(database);
    if (finding !== null) findings.push(finding);
  }
  return findings;
}

/** Gives the names of what was made again. One transaction: a repair that cannot be finished changes nothing. */
export function repairDerived(database: Database, openMemory: () => Connection): readonly string[] {
  database.sql("BEGIN IMMEDIATE").run();
  try {
    const repaired: string[] = [];
    for (const { type, name, mend } of checkSchema(database, openMemory)) {
      if (mend === null) continue;
      database.exec(mend);
      repaired.push(`${type} ${name}`);
    }
    const broken = new Set(
      checkSchema(database, openMemory).flatMap(({ type, name }) => (type === "table" ? [name] : [])),
    );
    for (const derived of DERIVED) if (rebuild(database, derived, broken)) repaired.push(derived.name);
    database.sql("COMMIT").run();
    return repaired;
  } catch (error) {
    rollback(database);
    throw error;
  }
}

function rebuild(
  database: Database,
  { check, rebuild, tables }: Derived,
  broken: ReadonlySet<string>,
): boolean {
  if (rebuild === null || tables.some((table) => broken.has(table)) || check(database) === null) return false;
  rebuild(database);
  return true;
}
