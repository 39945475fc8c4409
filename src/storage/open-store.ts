/** Opens a store by its location: the only way in to a backend. */
import { fdatasyncSync, realpathSync } from "node:fs";
import { resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { StoreError } from "./errors.ts";
import type { DriverName } from "./sqlite/connection.ts";
import { loadDriver } from "./sqlite/connection.ts";
import { asStoreError } from "./sqlite/failures.ts";
import { openDatabase } from "./sqlite/open-database.ts";
import type { Patience } from "./sqlite/patience.ts";
import { SqliteStore } from "./sqlite/store.ts";
import type { Store } from "./store.ts";

export interface OpenStoreOptions {
  /** full (default): an acknowledged write survives a power cut. normal: it survives the end of the process. */
  readonly durability?: "full" | "normal";
  /** Default false. A store whose file may not be written is opened for reading in any case. */
  readonly readonly?: boolean;
  /** How long a call waits for other processes before `store-busy`. */
  readonly deadlineMs?: number;
  /** Default: better-sqlite3 if its native file can be loaded, else node:sqlite. */
  readonly driver?: DriverName;
  /** For tests: pauses between tries, and what spreads them. */
  readonly wait?: (milliseconds: number) => Promise<void>;
  readonly random?: () => number;
}

const DEADLINE_MS = 30_000;

/** `location` is "sqlite:PATH" or a plain path; folders and file are made when they are missing. */
export async function openStore(location: string, options: OpenStoreOptions = {}): Promise<Store> {
  const file = fileOf(location);
  const patience: Patience = {
    deadlineMs: options.deadlineMs ?? DEADLINE_MS,
    now: () => performance.now(),
    wait: options.wait ?? ((milliseconds) => sleep(milliseconds)),
    random: options.random ?? Math.random,
  };
  const driver = await loadDriver(options.driver);
  const sync = options.durability === "normal" ? null : fdatasyncSync;
  try {
    const opened = await openDatabase(driver, file, { readonly: options.readonly ?? false }, patience);
    return new SqliteStore({ file, opened, patience, sync, openMemory: driver.openMemory });
  } catch (error) {
    throw asStoreError(error);
  }
}

function fileOf(location: string): string {
  if (/^postgres(ql)?:\/\//i.test(location))
    throw new StoreError("store-unusable", "PostgreSQL stores are not in this version. Use sqlite:PATH.");
  // Trimmed because better-sqlite3 does so.
  const path = (location.startsWith("sqlite:") ? location.slice("sqlite:".length) : location).trim();
  if (path === "" || path.includes("\0"))
    throw new StoreError("store-unusable", "The store's location is empty or not a path. Use sqlite:PATH.");
  return realPath(resolve(path));
}

/** Of a link the file that it leads to: SQLite names the log after that one. */
function realPath(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return path; // Nothing is there yet, or nothing may be looked at: opening it says so.
  }
}
