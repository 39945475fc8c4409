/** Waits for the disk after a write, when no lock is held any more: durability full (docs/decisions/0019). */
import { closeSync, openSync } from "node:fs";
import { StoreError } from "../errors.ts";

/** Returns when what a file holds is on the disk: fdatasync. */
export type SyncFile = (descriptor: number) => void;

/**
 * A commit is acknowledged once the log is on the disk up to and with it; frames before it are in the same file. SQLite's own way
 * (`synchronous = FULL`) waits for the disk while it holds the lock, so that only one process at a time could.
 */
export class LogSync {
  readonly #log: string;
  readonly #sync: SyncFile;
  /** Opened with the first write, when the log is surely there; it stays the same file until the last process closes the store. */
  #descriptor: number | null = null;
  #hasFailed = false;

  constructor(file: string, sync: SyncFile) {
    this.#log = `${file}-wal`;
    this.#sync = sync;
  }

  /** @throws StoreError once waiting has failed: a disk that lost a page says so only once, and takes later ones as if nothing were missing. */
  beforeWrite(): void {
    if (!this.#hasFailed) return;
    throw new StoreError(
      "store-unusable",
      "The disk has failed to keep an earlier write, so nothing more is written. Look after the disk, then restart.",
    );
  }

  /** @throws StoreError when the disk does not say that it has the write, which others may see already. */
  afterWrite(): void {
    try {
      this.#descriptor ??= openSync(this.#log, "r+");
      this.#sync(this.#descriptor);
    } catch (error) {
      this.#hasFailed = true;
      throw new StoreError(
        "store-unusable",
        "The disk did not confirm the write: it may be kept, and it may be lost when the power fails. Look after the disk, restart, and see in the log whether it is there.",
        { cause: error },
      );
    }
  }

  close(): void {
    if (this.#descriptor !== null) closeSync(this.#descriptor);
    this.#descriptor = null;
  }
}
