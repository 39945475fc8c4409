/** What lies at a store's location, as far as the file system knows. */
import { chmodSync, closeSync, mkdirSync, openSync, type Stats, statSync } from "node:fs";
import { dirname } from "node:path";
import { StoreError } from "../errors.ts";

// Files of a database must never be opened and closed here while SQLite has them open, in this thread or another: closing any descriptor
// of a file drops the locks that the whole process holds on it (sqlite.org/howtocorrupt.html, 2.2). So this file only asks for sizes, and
// what is inside a file SQLite itself has to say.

export type FileState = "missing" | "empty" | "filled";

/** @throws StoreError for what can never be a store. */
export function inspectFile(file: string): FileState {
  // Before the database: whoever makes a store at this moment fills the database first.
  const hasOldLog = hasLog(file);
  const stats = statOrNull(file);
  if (hasOldLog && (stats === null || stats.size === 0)) throw lostDatabase();
  if (stats === null) return "missing";
  if (stats.isDirectory())
    throw new StoreError("store-unusable", "The store's location is a folder; a file is needed.");
  if (!stats.isFile()) throw new StoreError("store-unusable", "The store's location is not a regular file.");
  if (stats.nlink > 1) throw severalNames();
  // SQLite takes a file of one byte for an empty one (a way around an old fault of some file systems) and would fill it.
  if (stats.size === 1) throw foreignFile();
  return stats.size === 0 ? "empty" : "filled";
}

export function foreignFile(cause?: unknown): StoreError {
  return new StoreError(
    "store-foreign",
    "This file is not a Tract store (it does not begin like an SQLite database); it was left as it is. Choose another location for the store.",
    { cause },
  );
}

/** SQLite would take the log for a useless one and throw it away, with all commits that stand in it alone. */
function lostDatabase(): StoreError {
  return new StoreError(
    "store-corrupt",
    "The store's file is missing or empty, and the log beside it still holds changes of a store; it was left as it is. Put the file back in its place, or choose another location.",
  );
}

/** The log is named after the database: by another name there is another log (sqlite.org/howtocorrupt.html, 2.4). */
function severalNames(): StoreError {
  return new StoreError(
    "store-unusable",
    "The store's file has several names (hard links), and who opens it by one does not see what is written by another. Copy it to a file of its own, and open that.",
  );
}

function statOrNull(file: string): Stats | null {
  return statSync(file, { throwIfNoEntry: false }) ?? null;
}

/** Whether there is a write-ahead log with anything in it. */
export function hasLog(file: string): boolean {
  return (statOrNull(`${file}-wal`)?.size ?? 0) > 0;
}

/**
 * Gives the side files the permissions of the database where they have fewer. SQLite makes them as the database is at that moment: one
 * look at a write-protected store would otherwise leave it write-protected for good.
 */
export function mendSideFiles(file: string): void {
  const database = statOrNull(file);
  for (const suffix of ["-wal", "-shm"]) {
    const side = statOrNull(file + suffix);
    if (database === null || side === null || side.uid !== process.getuid?.()) continue;
    if ((database.mode & ~side.mode & 0o600) !== 0) chmodSync(file + suffix, database.mode & 0o777);
  }
}

/** Makes the file and its missing folders, for this user alone: SQLite would make them as open as the umask lets it. */
export function createFile(file: string): void {
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  try {
    closeSync(openSync(file, "wx", 0o600));
  } catch (error) {
    // Another process was first.
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
  }
}

/** Bytes on disk: the database with its write-ahead log and shared memory. */
export function sizeOnDisk(file: string): number {
  return ["", "-wal", "-shm"].reduce((sum, suffix) => sum + (statOrNull(file + suffix)?.size ?? 0), 0);
}
