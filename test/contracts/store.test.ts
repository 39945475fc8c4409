/** Runs the contract on every store there is. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openStore } from "../../src/storage/open-store.ts";
import type { DriverName } from "../../src/storage/sqlite/connection.ts";
import { createMemoryStore } from "../support/memory-store.ts";
import { type OpenedStore, storeContract } from "./store-contract.ts";

async function openSqlite(driver: DriverName): Promise<OpenedStore> {
  const folder = await mkdtemp(join(tmpdir(), "tract-contract-"));
  const location = `sqlite:${join(folder, "store.db")}`;
  const open = () => openStore(location, { durability: "normal", driver });
  return {
    store: await open(),
    reopen: open,
    cleanup: () => rm(folder, { recursive: true, force: true }),
  };
}

storeContract("sqlite with better-sqlite3", () => openSqlite("better-sqlite3"));
storeContract("sqlite with node:sqlite", () => openSqlite("node:sqlite"));
storeContract("memory model", async () => ({ store: createMemoryStore(), cleanup: async () => {} }));
