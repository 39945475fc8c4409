/** Copies a store that is in use: one state of it, as SQLite reads it, into a file that did not exist. */
import { closeSync, fsyncSync, openSync, statSync, unlinkSync } from "node:fs";
import { StoreError } from "../errors.ts";
import type { Database } from "./database.ts";

/**
 * Copying the file itself would miss what still stands in the log beside it, or mix two states of it.
 *
 * @returns Bytes of the copy, which is on the disk when this returns.
 * @throws StoreError `store-unusable` when there is something at `file`; it stays as it is.
 */
export function backUp(database: Database, file: string): number {
  makeEmpty(file);
  try {
    // SQLite fills an empty file and refuses any other.
    database.sql("VACUUM INTO ?").run(file);
    const copy = openSync(file, "r+");
    try {
      fsyncSync(copy);
    } finally {
      closeSync(copy);
    }
    return statSync(file).size;
  } catch (error) {
    // Ours, and no whole backup.
    unlinkSync(file);
    throw error;
  }
}

/** For this user alone, as the store. */
function makeEmpty(file: string): void {
  try {
    closeSync(openSync(file, "wx", 0o600));
  } catch (cause) {
    const code = cause instanceof Error && "code" in cause ? cause.code : null;
    if (code === "EEXIST")
      throw new StoreError(
        "store-unusable",
        "There is a file already where the backup was to be; it was left as it is.",
        {
          cause,
        },
      );
    throw new StoreError("store-unusable", "The backup's file cannot be made there.", { cause });
  }
}
