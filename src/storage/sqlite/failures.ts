/** Turns what SQLite and the file system report into StoreErrors in words that hold no path, no SQL and no content. */
import { StoreConflict, StoreError, type StoreFailure } from "../errors.ts";

/** Result codes of SQLite by number (node:sqlite) and by name (better-sqlite3). */
const CODES: Readonly<Record<string, number>> = {
  PERM: 3,
  BUSY: 5,
  LOCKED: 6,
  NOMEM: 7,
  READONLY: 8,
  IOERR: 10,
  CORRUPT: 11,
  FULL: 13,
  CANTOPEN: 14,
  PROTOCOL: 15,
  TOOBIG: 18,
  CONSTRAINT: 19,
  AUTH: 23,
  NOTADB: 26,
};
const NAMES = new Map(Object.entries(CODES).map(([name, code]) => [code, name]));
/** Extended codes of node:sqlite that change the meaning: 256 × n + primary code. */
const EXTENDED = new Map([
  [778, "IOERR_WRITE"],
  [4874, "IOERR_SHMSIZE"],
  [1032, "READONLY_DBMOVED"],
]);

const WORDS: Readonly<Record<string, readonly [StoreFailure, string]>> = {
  BUSY: ["store-busy", "The store is busy: other processes kept writing to it. Try again."],
  LOCKED: ["store-busy", "The store is busy: other processes kept writing to it. Try again."],
  PROTOCOL: ["store-busy", "The store is busy: other processes kept opening it. Try again."],
  FULL: [
    "store-full",
    "The disk is full or over its quota; nothing was written. Free some space, then try again.",
  ],
  IOERR_WRITE: [
    "store-full",
    "The disk refused a write, most likely because it is full or over its quota; nothing was written. Free some space, then try again.",
  ],
  IOERR_SHMSIZE: [
    "store-full",
    "The disk has no room for the store's shared memory file; nothing was written. Free some space, then try again.",
  ],
  READONLY: [
    "store-readonly",
    "The store can be read but not written. Check the permissions of its file and folder, or use another store.",
  ],
  READONLY_DBMOVED: [
    "store-unusable",
    "The store's file was moved or replaced while it was open. Restart to open it anew.",
  ],
  PERM: [
    "store-unusable",
    "The store cannot be opened: permission is missing. Check the permissions of its file and folder.",
  ],
  AUTH: [
    "store-unusable",
    "The store cannot be opened: permission is missing. Check the permissions of its file and folder.",
  ],
  CANTOPEN: [
    "store-unusable",
    "The store cannot be opened. Check that its folder exists and may be written.",
  ],
  CORRUPT: [
    "store-corrupt",
    "The store's file is damaged. Keep it, copy it to a safe place, and run verify to see what is affected.",
  ],
  NOTADB: [
    "store-corrupt",
    "The store's file is damaged or was replaced by another. Keep it, copy it to a safe place, and look for a backup.",
  ],
  IOERR: [
    "store-unusable",
    "The disk reported an input/output error. Check the disk and its connection, then try again.",
  ],
  NOMEM: ["store-unusable", "SQLite ran out of memory. Close other programs, then try again."],
};

const FILE_ERRORS: Readonly<Record<string, readonly [StoreFailure, string]>> = {
  EACCES: [
    "store-unusable",
    "The store cannot be opened: permission is missing. Check the permissions of its file and folder.",
  ],
  EPERM: [
    "store-unusable",
    "The store cannot be opened: permission is missing. Check the permissions of its file and folder.",
  ],
  EROFS: [
    "store-readonly",
    "The store lies on a read-only file system, so it cannot be made or written there.",
  ],
  ENOSPC: ["store-full", "The disk is full; nothing was written. Free some space, then try again."],
  EDQUOT: ["store-full", "The disk quota is used up; nothing was written. Free some space, then try again."],
  ENOENT: [
    "store-unusable",
    "The store cannot be opened: a link in its location leads nowhere, or its folder is gone.",
  ],
  ENOTDIR: ["store-unusable", "The store cannot be opened: a part of its location is a file, not a folder."],
  EEXIST: ["store-unusable", "The store cannot be opened: a part of its location is a file, not a folder."],
  EISDIR: ["store-unusable", "The store's location is a folder; a file is needed."],
  ENAMETOOLONG: ["store-unusable", "The store cannot be opened: its location is too long a name."],
  ELOOP: ["store-unusable", "The store cannot be opened: its location is a loop of links."],
};

/** The name of SQLite's result code without its prefix, as "BUSY" or "IOERR_WRITE"; null for an error that is not SQLite's. */
function resultName(error: unknown): string | null {
  if (!(error instanceof Error)) return null;
  const { code, errcode } = error as { code?: unknown; errcode?: unknown };
  if (typeof code === "string" && code.startsWith("SQLITE_")) return code.slice("SQLITE_".length);
  if (typeof errcode === "number") return EXTENDED.get(errcode) ?? NAMES.get(errcode & 0xff) ?? `${errcode}`;
  return null;
}

function primaryName(name: string): string {
  return name.split("_", 1)[0] ?? name;
}

/** True when waiting can help. */
export function isBusy(error: unknown): boolean {
  const primary = primaryOf(error);
  return primary === "BUSY" || primary === "LOCKED" || primary === "PROTOCOL";
}

/** True when the file, or one that belongs to it, may not be opened or written as it was tried. */
export function isForbidden(error: unknown): boolean {
  const primary = primaryOf(error);
  return primary === "CANTOPEN" || primary === "READONLY";
}

/** True when the file is no SQLite database. */
export function isNoDatabase(error: unknown): boolean {
  return primaryOf(error) === "NOTADB";
}

/** The primary result of SQLite behind an error, be it wrapped already or not. */
function primaryOf(error: unknown): string | null {
  const name = resultName(error instanceof StoreError ? error.cause : error);
  return name === null ? null : primaryName(name);
}

/** What the store throws for an error of SQLite or of the file system; our own errors and bugs pass unchanged. */
export function asStoreError(error: unknown): unknown {
  if (error instanceof StoreError || error instanceof StoreConflict) return error;
  const name = resultName(error);
  if (name !== null) {
    const words = WORDS[name] ?? WORDS[primaryName(name)];
    // No cause on busy: its text is SQLite's, and it says nothing more.
    if (words !== undefined)
      return new StoreError(words[0], words[1], words[0] === "store-busy" ? {} : { cause: error });
    // The statements are fixed: what they miss was taken away behind Tract's back, and JSON in rows was written by us.
    if (error instanceof Error && /^(no such (table|column)|malformed JSON)/.test(error.message))
      return notAsMade(error);
    return new StoreError(
      "store-unusable",
      `SQLite refused what was asked (${name}). This is a fault of Tract; please report it.`,
      { cause: error },
    );
  }
  // Of JSON in rows. The words of the cause would quote what is stored.
  if (error instanceof SyntaxError) return notAsMade();
  if (!(error instanceof Error) || !("syscall" in error)) return error;
  const [failure, message] = FILE_ERRORS[(error as NodeJS.ErrnoException).code ?? ""] ?? [
    "store-unusable",
    "The store cannot be opened: the operating system refused it.",
  ];
  return new StoreError(failure, message, { cause: error });
}

/** What stands in the rows is not what Tract writes. */
export function notAsMade(cause?: unknown): StoreError {
  return new StoreError(
    "store-corrupt",
    "The store's tables are not as Tract makes them. Keep the file, copy it to a safe place, and run verify to see what is affected.",
    { cause },
  );
}
