/** Compares the schema of a store with what the migrations make: tables, indexes and triggers. */
import type { Connection } from "./connection.ts";
import type { Database } from "./database.ts";
import { makeSchema } from "./migrate.ts";

/** Something of the schema that is missing, different or too much. */
export interface SchemaFinding {
  readonly type: string;
  readonly name: string;
  readonly detail: string;
  /** What makes it again; null for what nobody can make again or take away without losing rows. */
  readonly mend: string | null;
}

/** Tables that hold nothing but what other tables say. */
const DERIVED_TABLES: ReadonlySet<string> = new Set([
  "config_commits",
  "config_values",
  "operation_uses",
  "search_commits",
  "search_index",
  "search_progress",
]);

interface SchemaItem {
  readonly type: string;
  readonly name: string;
  readonly table: string;
  readonly sql: string;
}

/** `openMemory` opens an empty database, in which the schema is made as it should be. */
export function checkSchema(database: Database, openMemory: () => Connection): readonly SchemaFinding[] {
  const memory = openMemory();
  let wanted: readonly SchemaItem[];
  try {
    makeSchema(memory);
    wanted = readSchema(memory);
  } finally {
    memory.close();
  }
  const found = new Map(readSchema(database).map((item) => [`${item.type} ${item.name}`, item]));
  const findings: SchemaFinding[] = [];
  // What belongs to a table that is gone for good cannot be made again.
  const lost = new Set(
    wanted.flatMap(({ type, name }) =>
      type === "table" && !found.has(`table ${name}`) && !DERIVED_TABLES.has(name) ? [name] : [],
    ),
  );
  for (const item of wanted) {
    const key = `${item.type} ${item.name}`;
    const actual = found.get(key);
    found.delete(key);
    if (actual?.sql !== item.sql || actual.table !== item.table) findings.push(describe(item, actual, lost));
  }
  const tables = new Set(wanted.map(({ table }) => table));
  for (const { type, name, table } of found.values())
    if (type !== "table" && tables.has(table))
      findings.push({ type, name, detail: `${type} ${name} of table ${table} is not Tract's`, mend: null });
  return findings;
}

/** Without what SQLite and its full-text search make by themselves. */
function readSchema(connection: Connection): readonly SchemaItem[] {
  return connection
    .sql<[string, string, string, string]>(
      `SELECT type, name, tbl_name, sql FROM sqlite_schema
       WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' AND name NOT LIKE 'search\\_index\\_%' ESCAPE '\\' ORDER BY rowid`,
    )
    .all()
    .map(([type, name, table, sql]) => ({ type, name, table, sql }));
}

function describe(
  wanted: SchemaItem,
  actual: SchemaItem | undefined,
  lost: ReadonlySet<string>,
): SchemaFinding {
  const { type, name, sql, table } = wanted;
  const isTable = type === "table";
  const detail =
    `${type} ${name}${isTable ? "" : ` of table ${table}`} ` +
    (actual === undefined ? "is missing" : "is not as Tract makes it");
  const isMended = isTable ? actual === undefined && DERIVED_TABLES.has(name) : !lost.has(table);
  // The names are ours: they come from the migrations.
  const drop = actual === undefined ? "" : `DROP ${type.toUpperCase()} ${name};`;
  return { type, name, detail, mend: isMended ? `${drop}${sql};` : null };
}
