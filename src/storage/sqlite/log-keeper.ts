/** Keeps the write-ahead log short while many processes read and write. */
import { statSync } from "node:fs";
import { BUSY_TIMEOUT_MS } from "./connection.ts";
import type { Database } from "./database.ts";
import { isBusy } from "./failures.ts";
import type { Patience } from "./patience.ts";

// SQLite copies the log back into the database by itself, but it starts the log anew only at a moment when no reader is in it. With many
// busy processes that moment may not come, so beyond a size it is brought about: writers are kept out for as long as readers need to leave.

/** Looking costs a system call, so not every write looks. */
const WRITES_BETWEEN_LOOKS = 16;
/** From here on a write tries to restart the log. */
const LOG_BYTES_WANTED = 12 * 1024 * 1024;
/** From here on a write waits for the log to be restarted, for a while. */
const LOG_BYTES_MAX = 32 * 1024 * 1024;
/** How long one try waits for readers, with writers kept out and this process blocked. */
const RESTART_MS = 60;
/** Tries of a write before it goes on all the same: a reader that never leaves must not end all writing. */
const RESTART_TRIES_MAX = 10;
const PAUSE_MS = 50;

export class LogKeeper {
  readonly #log: string;
  #writes = 0;
  #isLong = false;

  constructor(file: string) {
    this.#log = `${file}-wal`;
  }

  /** True when the log has become far too long. */
  get isLong(): boolean {
    return this.#isLong;
  }

  /** Before a write to a log that is too long: waits for it to be started anew, within bounds. */
  async shorten(database: Database, patience: Patience): Promise<void> {
    for (let tries = 0; this.#isLong && tries < RESTART_TRIES_MAX; tries++) {
      if (tries > 0) await patience.wait(PAUSE_MS * (0.5 + patience.random()));
      this.#isLong = !restart(database);
    }
  }

  /** After a write: sees to it that the log is started anew when it has grown. */
  afterWrite(database: Database): void {
    this.#writes += 1;
    if (this.#writes % WRITES_BETWEEN_LOOKS !== 0) return;
    const size = statSync(this.#log, { throwIfNoEntry: false })?.size ?? 0;
    this.#isLong = size > LOG_BYTES_WANTED && !restart(database) && size > LOG_BYTES_MAX;
  }
}

/** True when the next write will start the log anew. The write before is done whatever happens here. */
function restart(database: Database): boolean {
  database.sql(`PRAGMA busy_timeout = ${RESTART_MS}`).get();
  try {
    return database.sql<[isBusy: number]>("PRAGMA wal_checkpoint(RESTART)").get()?.[0] === 0;
  } catch (error) {
    // Others are at it, which is as good; a failing disk will show in the next write.
    return !isBusy(error);
  } finally {
    database.sql(`PRAGMA busy_timeout = ${BUSY_TIMEOUT_MS}`).get();
  }
}
