/** Whether a store's files still lie where they were opened: what is written to one that was taken away would be lost with it. */
import { statSync } from "node:fs";
import { StoreError } from "../errors.ts";

/** Looking is a system call, so it is not done for every read and write. */
const LOOK_MS = 50;

/**
 * Remembers which database and which log are at a location. The function that comes back looks there again, when it has not done so for a
 * while.
 *
 * SQLite itself goes on with files that were moved, replaced or taken away: it holds them open by their descriptors. Its writes would be
 * answered, and nobody would ever find them.
 *
 * @throws StoreError `store-unusable` from the function, as long as other files are there, or none.
 */
export function watchFiles(file: string): () => void {
  const database = identify(file);
  // There from the first read or write on, until the last process closes the store.
  let log: string | null = null;
  let lookedAt = performance.now();
  return () => {
    const now = performance.now();
    if (now - lookedAt < LOOK_MS) return;
    log ??= identify(`${file}-wal`);
    if (identify(file) !== database || identify(`${file}-wal`) !== log)
      throw new StoreError(
        "store-unusable",
        "The store's file, or the log beside it, was moved, replaced or taken away while it was open. Restart to open what is there now.",
      );
    lookedAt = now;
  };
}

function identify(file: string): string | null {
  const found = statSync(file, { throwIfNoEntry: false });
  return found === undefined ? null : `${found.dev}:${found.ino}`;
}
