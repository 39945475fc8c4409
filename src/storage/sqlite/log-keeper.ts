/** Keeps the write-ahead log short while many processes read and write. */
import { statSync } from "node:fs";
import type { Database } from "./database.ts";

/** Looking costs a system call, so not every write looks. */
const WRITES_BETWEEN_LOOKS = 32;
/** SQLite starts the log anew whenever no reader is in the way; beyond this size it has not found such a moment by itself. */
const LOG_BYTES_MAX = 16 * 1024 * 1024;

export class LogKeeper {
  readonly #log: string;
  #writes = 0;

  constructor(file: string) {
    this.#log = `${file}-wal`;
  }

  /** After a write: when the log has grown long, waits (as long as SQLite's own lock timeout) for readers to leave it, and restarts it. */
  afterWrite(database: Database): void {
    this.#writes += 1;
    if (this.#writes % WRITES_BETWEEN_LOOKS !== 0) return;
    if ((statSync(this.#log, { throwIfNoEntry: false })?.size ?? 0) <= LOG_BYTES_MAX) return;
    try {
      database.sql("PRAGMA wal_checkpoint(RESTART)").get();
    } catch {
      // Others are at it; the next look tries again. The write itself is done.
    }
  }
}
