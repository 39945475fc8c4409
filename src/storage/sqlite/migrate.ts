/** Brings a database file to this version's schema: numbered migrations, forward only, each in one transaction. */
import { StoreError } from "../errors.ts";
import type { Connection } from "./connection.ts";
import { INITIAL } from "./migrations/0001-initial.ts";
import { PLANS_AND_TOKENS } from "./migrations/0002-plans-and-tokens.ts";
import { CONFIGS_AND_USAGE } from "./migrations/0003-configs-and-usage.ts";

/** Marks a database file as ours: "TRCT". */
export const APPLICATION_ID = 0x54524354;
/** The nth script leads to user_version n. */
const MIGRATIONS: readonly string[] = [INITIAL, PLANS_AND_TOKENS, CONFIGS_AND_USAGE];
export const SCHEMA_VERSION: number = MIGRATIONS.length;

export interface Identity {
  readonly applicationId: number;
  readonly version: number;
  readonly hasTables: boolean;
}

export function readIdentity(connection: Connection): Identity {
  const row = connection
    .sql<[number, number, number]>(
      "SELECT (SELECT application_id FROM pragma_application_id), (SELECT user_version FROM pragma_user_version), EXISTS (SELECT 1 FROM sqlite_schema)",
    )
    .get();
  return { applicationId: row?.[0] ?? 0, version: row?.[1] ?? 0, hasTables: row?.[2] === 1 };
}

/** Refuses what is not ours to open. A database without tables is ours to fill. */
export function checkIdentity({ applicationId, version, hasTables }: Identity): void {
  if (applicationId !== APPLICATION_ID && (applicationId !== 0 || version !== 0 || hasTables))
    throw new StoreError(
      "store-foreign",
      "This is an SQLite database of another program, not a Tract store; it was left as it is. Choose another location for the store.",
    );
  if (version > SCHEMA_VERSION)
    throw new StoreError(
      "store-newer",
      `This store was written by a newer version of Tract (schema ${version}, this version knows ${SCHEMA_VERSION}); it was left as it is. Update Tract to open it.`,
    );
}

/** Many processes may do this at once on one file: whoever holds the write lock looks again what is left to do. */
export function migrate(connection: Connection): void {
  while (readIdentity(connection).version < SCHEMA_VERSION) migrateOnce(connection);
}

/** Runs every migration in an empty database: how a store's schema has to look. */
export function makeSchema(connection: Connection): void {
  for (const script of MIGRATIONS) connection.exec(script);
}

function migrateOnce(connection: Connection): void {
  connection.exec("BEGIN IMMEDIATE");
  try {
    const identity = readIdentity(connection);
    checkIdentity(identity);
    const script = MIGRATIONS[identity.version];
    if (script !== undefined)
      connection.exec(`${script}
        PRAGMA application_id = ${APPLICATION_ID};
        PRAGMA user_version = ${identity.version + 1};`);
    connection.exec("COMMIT");
  } catch (error) {
    try {
      connection.exec("ROLLBACK");
    } catch {
      // SQLite has rolled back already.
    }
    throw error;
  }
}
