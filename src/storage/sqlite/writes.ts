/** How a store is written: waiting for others, one large publish at a time, and for the disk where that is promised. */
import type { ChangeSet, PublishReceipt } from "../change-set.ts";
import type { Connection } from "./connection.ts";
import type { Database } from "./database.ts";
import { LogKeeper } from "./log-keeper.ts";
import { LogSync, type SyncFile } from "./log-sync.ts";
import { type Patience, patiently } from "./patience.ts";
import { type PublishSteps, preparePublish } from "./publish.ts";
import { isLarge, publishBeside } from "./publish-beside.ts";
import { allSteps } from "./steps.ts";

export interface WritesParts {
  /** Throws once the store is closed. */
  readonly database: () => Database;
  /** Opens a further connection that can write; null when the store cannot be written. */
  readonly openAnother: (() => Connection) | null;
  readonly file: string;
  readonly patience: Patience;
  /** Waits for the disk; null: a write is done once every process can see it. */
  readonly sync: SyncFile | null;
}

export class Writes {
  readonly #parts: WritesParts;
  readonly #keeper: LogKeeper;
  readonly #disk: LogSync | null;
  /**
   * Settles with the large publish under way, which holds the lock; null without one. Never rejects. It is waited for, not asked for its lock:
   * asking stops the process, and so that publish.
   */
  #large: Promise<unknown> | null = null;

  constructor(parts: WritesParts) {
    this.#parts = parts;
    this.#keeper = new LogKeeper(parts.file);
    this.#disk = parts.sync === null ? null : new LogSync(parts.file, parts.sync);
  }

  /** For what can be made again, such as an index. */
  async plain<Result>(write: (database: Database) => Result): Promise<Result> {
    while (this.#large !== null) await this.#large;
    return await patiently(this.#parts.patience, () => write(this.#parts.database()));
  }

  /** For what is acknowledged. */
  async durably<Result>(write: (database: Database) => Result): Promise<Result> {
    if (this.#keeper.isLong) await this.#shortenLog();
    this.#disk?.beforeWrite();
    return await this.plain((database) => {
      const result = write(database);
      // No lock is held any more: others write meanwhile.
      this.#keeper.afterWrite(database);
      this.#disk?.afterWrite();
      return result;
    });
  }

  async publish(
    change: ChangeSet,
    also: readonly ChangeSet[],
    rest: (() => Promise<void>) | undefined,
  ): Promise<PublishReceipt> {
    const publish = preparePublish(change, also);
    const { openAnother } = this.#parts;
    if (rest === undefined || openAnother === null || !isLarge(change))
      return await this.durably((database) => allSteps(publish(database)));
    if (this.#keeper.isLong) await this.#shortenLog();
    this.#disk?.beforeWrite();
    return await this.#publishBeside(openAnother, publish, rest);
  }

  async #publishBeside(
    open: () => Connection,
    publish: (database: Database) => PublishSteps,
    rest: () => Promise<void>,
  ): Promise<PublishReceipt> {
    // In one go with setting it below: another large one may wait for the same end.
    while (this.#large !== null) await this.#large;
    const { patience, database } = this.#parts;
    const restWhileOpen = async (): Promise<void> => {
      await rest();
      void database();
    };
    const published = publishBeside({ open, patience }, publish, restWhileOpen).then((receipt) => {
      this.#disk?.afterWrite();
      return receipt;
    });
    this.#large = published.catch(() => undefined);
    try {
      return await published;
    } finally {
      this.#large = null;
    }
  }

  async #shortenLog(): Promise<void> {
    await this.#keeper.shorten(this.#parts.database(), this.#parts.patience);
  }

  async close(): Promise<void> {
    await this.#large;
    this.#disk?.close();
  }
}
