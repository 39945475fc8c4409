/** Looks at a store's file before SQLite does, so that a file that is not ours is never touched. */
import { closeSync, mkdirSync, openSync, readSync, type Stats, statSync } from "node:fs";
import { dirname } from "node:path";
import { StoreError } from "../errors.ts";
import { APPLICATION_ID, checkIdentity } from "./migrate.ts";

/**
 * `missing` and `empty`: a store can be made here. `ours`: a Tract store. `unsure`: only SQLite can tell, because the beginning of the file
 * stands in its write-ahead log.
 */
export type FileState = "missing" | "empty" | "ours" | "unsure";

// Offsets in the header of an SQLite file and in the table-of-tables page that follows it (sqlite.org/fileformat2.html).
const MAGIC = "SQLite format 3\0";
const USER_VERSION_AT = 60;
const APPLICATION_ID_AT = 68;
const PAGE_TYPE_AT = 100;
const CELL_COUNT_AT = 103;
const HEADER_BYTES = 108;
const LEAF_TABLE_PAGE = 13;

export function inspectFile(file: string): FileState {
  const stats = statOrNull(file);
  if (stats === null) return "missing";
  if (stats.isDirectory())
    throw new StoreError("store-unusable", "The store's location is a folder; a file is needed.");
  if (!stats.isFile()) throw new StoreError("store-unusable", "The store's location is not a regular file.");
  if (stats.size === 0) return "empty";
  const header = readHeader(file);
  if (header.length < HEADER_BYTES || header.toString("latin1", 0, MAGIC.length) !== MAGIC)
    throw new StoreError(
      "store-foreign",
      "This file is not a Tract store (it does not begin like an SQLite database); it was left as it is. Choose another location for the store.",
    );
  const identity = {
    applicationId: header.readUInt32BE(APPLICATION_ID_AT),
    version: header.readUInt32BE(USER_VERSION_AT),
    hasTables: header[PAGE_TYPE_AT] !== LEAF_TABLE_PAGE || header.readUInt16BE(CELL_COUNT_AT) > 0,
  };
  if (identity.applicationId === 0 && hasLog(file)) return "unsure";
  checkIdentity(identity);
  return identity.applicationId === APPLICATION_ID ? "ours" : "empty";
}

function statOrNull(file: string): Stats | null {
  return statSync(file, { throwIfNoEntry: false }) ?? null;
}

/** Whether there is a write-ahead log with anything in it. */
export function hasLog(file: string): boolean {
  return (statOrNull(`${file}-wal`)?.size ?? 0) > 0;
}

function readHeader(file: string): Buffer {
  const header = Buffer.alloc(HEADER_BYTES);
  const descriptor = openSync(file, "r");
  try {
    return header.subarray(0, readSync(descriptor, header, 0, HEADER_BYTES, 0));
  } finally {
    closeSync(descriptor);
  }
}

/** Makes the file and its missing folders, readable by this user alone: SQLite would make them as open as the umask lets it. */
export function createFile(file: string): void {
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  try {
    closeSync(openSync(file, "wx", 0o600));
  } catch (error) {
    // Another process was first.
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
  }
}

/** Whether this process may write the file, as the operating system says by opening it. */
export function isWritable(file: string): boolean {
  try {
    closeSync(openSync(file, "r+"));
    return true;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "EACCES" || code === "EPERM" || code === "EROFS") return false;
    throw error;
  }
}

/** Bytes on disk: the database with its write-ahead log and shared memory. */
export function sizeOnDisk(file: string): number {
  return ["", "-wal", "-shm"].reduce((sum, suffix) => sum + (statOrNull(file + suffix)?.size ?? 0), 0);
}
