/** What this user may do with a store's file and folder: a look at permissions only, nothing is opened. */
import { accessSync, constants, statSync } from "node:fs";
import { dirname } from "node:path";

/** What was found, in words, and what to do about it. */
export interface Finding {
  readonly detail: string;
  readonly hint: string;
}

export interface StoreAccess {
  /** Why the store cannot even be read; null when it can be, or is not there yet. */
  readonly refusal: Finding | null;
  /** Why it cannot be written; null when it can be. */
  readonly lack: Finding | null;
}

/** `missing`: not there; `no`: this user may not. */
export type MayAccess = (path: string, what: "enter" | "read" | "write") => "yes" | "no" | "missing";

export function storeAccess(file: string, mayAccess: MayAccess): StoreAccess {
  const folder = dirname(file);
  if (mayAccess(folder, "enter") === "no")
    return refused("this user may not enter the store's folder", "the right to enter the folder");
  const isReadable = mayAccess(file, "read");
  if (isReadable === "no")
    return refused("the store's file is there, but this user may not read it", "the right to read the file");
  if (isReadable === "missing") {
    return mayAccess(nearestFolder(folder, mayAccess), "write") === "yes"
      ? { refusal: null, lack: null }
      : lacking("but its folder may not be written", "the right to write the folder");
  }
  if (mayAccess(file, "write") !== "yes")
    return lacking("readable, not writable: the file is write-protected", "the right to write the file");
  if (mayAccess(folder, "write") !== "yes")
    return lacking(
      "readable, not writable: its folder is write-protected, and the log beside the file cannot be made",
      "the right to write the folder",
    );
  return { refusal: null, lack: null };
}

/** As the system answers for the user of this process. */
export const systemMayAccess: MayAccess = (path, what) => {
  try {
    accessSync(path, MODES[what]);
    return "yes";
  } catch {
    return isMissing(path) ? "missing" : "no";
  }
};

const MODES = { enter: constants.X_OK, read: constants.R_OK, write: constants.W_OK } as const;

function isMissing(path: string): boolean {
  try {
    return statSync(path, { throwIfNoEntry: false }) === undefined;
  } catch {
    return false; // Something on the way to it may not be entered.
  }
}

/** The folder in which the missing ones would be made. */
function nearestFolder(folder: string, mayAccess: MayAccess): string {
  let nearest = folder;
  while (mayAccess(nearest, "enter") === "missing" && dirname(nearest) !== nearest)
    nearest = dirname(nearest);
  return nearest;
}

function refused(detail: string, right: string): StoreAccess {
  return {
    refusal: { detail, hint: `Give this user ${right}, or name another store with --store.` },
    lack: null,
  };
}

function lacking(detail: string, right: string): StoreAccess {
  return {
    refusal: null,
    lack: { detail, hint: `Give this user ${right}; until then nothing can be committed.` },
  };
}
