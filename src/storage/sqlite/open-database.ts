/** Opens the database file of a store: makes it if it is missing, checks whose it is, sets it up and migrates it. */
import { realpathSync } from "node:fs";
import { StoreError } from "../errors.ts";
import {
  type Connection,
  checkSqliteVersion,
  type Driver,
  loadDriver,
  readSqliteVersion,
} from "./connection.ts";
import { isBusy, isForbidden, isNoDatabase } from "./failures.ts";
import { createFile, foreignFile, hasLog, inspectFile, mendSideFiles } from "./inspect-file.ts";
import { checkIdentity, migrate, readIdentity, SCHEMA_VERSION } from "./migrate.ts";
import { type Patience, patiently } from "./patience.ts";

export interface OpenDatabase {
  readonly connection: Connection;
  readonly isReadonly: boolean;
  readonly sqliteVersion: string;
  /** Opens a further connection like this one; null when it cannot write. */
  readonly openAnother: (() => Connection) | null;
}

export interface OpenSettings {
  readonly readonly: boolean;
}

const PAGE_BYTES = 4096;
/** Pages of the log after which a commit copies it back into the database: 4 MB. */
const CHECKPOINT_PAGES = 1000;
/** The log file is cut back to this when it starts anew. */
const LOG_BYTES_KEPT = 8 * 1024 * 1024;
const CACHE_KIBIBYTES = 32 * 1024;

export async function openDatabase(
  driver: Driver,
  file: string,
  settings: OpenSettings,
  patience: Patience,
): Promise<OpenDatabase> {
  const openWriter = () => patiently(patience, () => openWritable(driver, file));
  const state = inspectFile(file);
  if (state !== "filled") {
    if (settings.readonly)
      throw new StoreError(
        "store-unusable",
        "There is no store at this location yet, and it was to be opened for reading only.",
      );
    if (state === "missing") createFile(file);
    looks.set(realpathSync(file), Promise.resolve());
    return await openWriter();
  }
  await refuseForeign(file, patience);
  mendSideFiles(file);
  // First by a connection that cannot write: even closing one that can might change a file that is not ours.
  const reader = await openReader(driver, file, patience);
  if (settings.readonly) return readable(reader);
  try {
    const writer = await openWriter();
    reader.connection.close();
    return writer;
  } catch (error) {
    if (isForbidden(error)) return readable(reader);
    reader.connection.close();
    throw error;
  }
}

// Files that this process has looked at. Only once, and before it opens them: the look uses a second copy of SQLite (Node's own), and when
// that closes its descriptor the locks of this whole process on the file are gone (sqlite.org/howtocorrupt.html, 2.2).
const looks = new Map<string, Promise<void>>();

/** Refuses a file that is not ours without leaving SQLite's side files beside it. */
async function refuseForeign(file: string, patience: Patience): Promise<void> {
  const path = realpathSync(file);
  const look = looks.get(path) ?? lookAt(file, patience);
  looks.set(path, look);
  await look.catch((error: unknown) => {
    looks.delete(path);
    throw error;
  });
}

/** Without a log the file can be read as it is; with one, SQLite has to read both, and the reader below will say whose they are. */
async function lookAt(file: string, patience: Patience): Promise<void> {
  const { openImmutable } = await loadDriver("node:sqlite");
  if (openImmutable === undefined || hasLog(file)) return;
  await patiently(patience, () => checkedReader(openImmutable(file), readSqliteVersion).connection.close());
}

/** A connection for reading, to a file that is checked to be ours. */
async function openReader(driver: Driver, file: string, patience: Patience): Promise<OpenDatabase> {
  try {
    return await patiently(patience, () =>
      checkedReader(driver.open(file, { readonly: true }), checkSqliteVersion),
    );
  } catch (error) {
    // In a folder that may not be written SQLite cannot make the files it shares with other processes. If there are none now, nobody is
    // writing, and the file can be read as it is.
    const { openImmutable } = await loadDriver("node:sqlite");
    if (!isForbidden(error) || openImmutable === undefined || hasLog(file)) throw error;
    return await patiently(patience, () => checkedReader(openImmutable(file), readSqliteVersion));
  }
}

/** Any SQLite may read a file as it is; the fault of old ones is in writing beside others. */
function checkedReader(connection: Connection, versionOf: (connection: Connection) => string): OpenDatabase {
  try {
    const sqliteVersion = versionOf(connection);
    setUp(connection);
    checkIdentity(readIdentity(connection));
    return { connection, isReadonly: true, sqliteVersion, openAnother: null };
  } catch (error) {
    connection.close();
    if (isNoDatabase(error)) throw foreignFile(error);
    throw error;
  }
}

function readable(reader: OpenDatabase): OpenDatabase {
  if (readIdentity(reader.connection).version === SCHEMA_VERSION) return reader;
  reader.connection.close();
  throw new StoreError(
    "store-readonly",
    "The store has to be brought to this version's schema first, and it cannot be written. Open it once with permission to write.",
  );
}

function openWritable(driver: Driver, file: string): OpenDatabase {
  const connection = driver.open(file, { readonly: false });
  try {
    const sqliteVersion = checkSqliteVersion(connection);
    setUp(connection);
    checkIdentity(readIdentity(connection));
    const mode = connection.sql<[string]>("PRAGMA journal_mode = WAL").get()?.[0];
    if (mode !== "wal")
      throw new StoreError(
        "store-unusable",
        "The store's disk does not support write-ahead logging, as some network file systems do not. Choose a local disk.",
      );
    // No crash can damage a store with NORMAL; that a commit outlasts a loss of power is the matter of log-sync.ts.
    connection.exec(`PRAGMA synchronous = NORMAL;
      PRAGMA wal_autocheckpoint = ${CHECKPOINT_PAGES};
      PRAGMA journal_size_limit = ${LOG_BYTES_KEPT};`);
    migrate(connection);
    tryToWrite(connection);
    const openAnother = (): Connection => openWritable(driver, file).connection;
    return { connection, isReadonly: false, sqliteVersion, openAnother };
  } catch (error) {
    connection.close();
    throw error;
  }
}

/** Only the attempt shows whether a file may be written. When another process is writing just now, it may be. */
function tryToWrite(connection: Connection): void {
  try {
    connection.exec("UPDATE search_progress SET contents_to = contents_to WHERE FALSE");
  } catch (error) {
    if (!isBusy(error)) throw error;
  }
}

function setUp(connection: Connection): void {
  connection.exec(`PRAGMA page_size = ${PAGE_BYTES};
    PRAGMA foreign_keys = OFF;
    PRAGMA recursive_triggers = ON;
    PRAGMA trusted_schema = OFF;
    PRAGMA temp_store = MEMORY;
    PRAGMA cache_size = -${CACHE_KIBIBYTES};`);
}
