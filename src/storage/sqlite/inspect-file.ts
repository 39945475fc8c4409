/** What lies at a store's location, as far as the file system knows. */
import { closeSync, mkdirSync, openSync, type Stats, statSync } from "node:fs";
import { dirname } from "node:path";
import { StoreError } from "../errors.ts";

// Files of a database must never be opened and closed here while SQLite has them open, in this thread or another: closing any descriptor
// of a file drops the locks that the whole process holds on it (sqlite.org/howtocorrupt.html, 2.2). So this file only asks for sizes, and
// what is inside a file SQLite itself has to say.

export type FileState = "missing" | "empty" | "filled";

/** @throws StoreError for what can never be a store. */
export function inspectFile(file: string): FileState {
  const stats = statOrNull(file);
  if (stats === null) return "missing";
  if (stats.isDirectory())
    throw new StoreError("store-unusable", "The store's location is a folder; a file is needed.");
  if (!stats.isFile()) throw new StoreError("store-unusable", "The store's location is not a regular file.");
  return stats.size === 0 ? "empty" : "filled";
}

function statOrNull(file: string): Stats | null {
  return statSync(file, { throwIfNoEntry: false }) ?? null;
}

/** Whether there is a write-ahead log with anything in it. */
export function hasLog(file: string): boolean {
  return (statOrNull(`${file}-wal`)?.size ?? 0) > 0;
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
