/** Copies a store that is in use: one state of it, as SQLite reads it, into a file that did not exist. */
import { randomUUID } from "node:crypto";
import { closeSync, existsSync, fsyncSync, openSync, renameSync, rmSync, statSync } from "node:fs";
import { StoreError } from "../errors.ts";
import type { Database } from "./database.ts";

/**
 * Copying the file itself would miss what still stands in the log beside it, or mix two states of it. The copy is made under another name, so
 * that there is a whole backup at `file` or none, even when this process is killed: then a file `…partial` stays beside it.
 *
 * @returns Bytes of the copy, which is on the disk when this returns.
 * @throws StoreError `store-unusable` when there is something at `file`; it stays as it is.
 */
export function backUp(database: Database, file: string): number {
  if (existsSync(file)) throw isThere();
  const partial = `${file}.${process.pid}-${randomUUID().slice(0, 8)}.partial`;
  makeEmpty(partial);
  try {
    // SQLite fills an empty file and refuses any other.
    database.sql("VACUUM INTO ?").run(partial);
    sync(partial);
    const { size } = statSync(partial);
    // Claims the name, unless somebody took it meanwhile.
    makeEmpty(file);
    renameSync(partial, file);
    return size;
  } catch (error) {
    // Ours, and no whole backup.
    rmSync(partial, { force: true });
    throw error;
  }
}

function sync(file: string): void {
  const copy = openSync(file, "r+");
  try {
    fsyncSync(copy);
  } finally {
    closeSync(copy);
  }
}

/** For this user alone, as the store. */
function makeEmpty(file: string): void {
  try {
    closeSync(openSync(file, "wx", 0o600));
  } catch (cause) {
    const code = cause instanceof Error && "code" in cause ? cause.code : null;
    if (code === "EEXIST") throw isThere(cause);
    throw new StoreError("store-unusable", "The backup's file cannot be made there.", { cause });
  }
}

function isThere(cause?: unknown): StoreError {
  return new StoreError(
    "store-unusable",
    "There is a file already where the backup was to be; it was left as it is.",
    { cause },
  );
}
