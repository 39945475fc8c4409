/** What every Store promises, a test per sentence of the port, by subject. */
import { afterEach, beforeEach, describe } from "vitest";
import type { Store } from "../../src/storage/store.ts";
import { commitsContract } from "./subjects/commits.ts";
import { configsContract } from "./subjects/configs.ts";
import { garbageContract } from "./subjects/garbage.ts";
import { keptContentsContract } from "./subjects/garbage-kept.ts";
import { historyContract } from "./subjects/history.ts";
import { lawsContract } from "./subjects/laws.ts";
import { ledgerContract } from "./subjects/ledger.ts";
import { logContract } from "./subjects/log.ts";
import { operationsContract } from "./subjects/operations.ts";
import { plansContract } from "./subjects/plans.ts";
import { publishContract } from "./subjects/publish.ts";
import { severalContract } from "./subjects/publish-several.ts";
import { recordsContract } from "./subjects/records.ts";
import { refsContract } from "./subjects/refs.ts";
import { searchContract } from "./subjects/search.ts";
import { sidesContract } from "./subjects/sides.ts";
import { usagesContract } from "./subjects/usages.ts";
import { verifyContract } from "./subjects/verify.ts";

export interface OpenedStore {
  readonly store: Store;
  /** A second connection to the same data; left out by a store that has none. */
  readonly reopen?: () => Promise<Store>;
  readonly cleanup: () => Promise<void>;
}

/** Gives the store of the running test. */
export interface StoreUnderTest {
  readonly store: Store;
  /** Why there is no second connection, or a function that opens one. */
  readonly reopen: (() => Promise<Store>) | null;
}

export function storeContract(name: string, open: () => Promise<OpenedStore>): void {
  describe(name, () => {
    let opened: OpenedStore;
    beforeEach(async () => {
      opened = await open();
    });
    afterEach(async () => {
      await opened.store.close();
      await opened.cleanup();
    });
    const under: StoreUnderTest = {
      get store() {
        return opened.store;
      },
      get reopen() {
        return opened.reopen ?? null;
      },
    };
    describe("laws", () => lawsContract(under));
    describe("publish", () => publishContract(under));
    describe("publish to several tracts", () => severalContract(under));
    describe("tracts and refs", () => refsContract(under));
    describe("commits and contents", () => commitsContract(under));
    describe("history", () => historyContract(under));
    describe("sides, merge bases and summaries", () => sidesContract(under));
    describe("log", () => logContract(under));
    describe("annotations, compile records, content types", () => recordsContract(under));
    describe("operations", () => operationsContract(under));
    describe("ledger", () => ledgerContract(under));
    describe("generation configs", () => configsContract(under));
    describe("usage reports", () => usagesContract(under));
    describe("plans", () => plansContract(under));
    describe("search", () => searchContract(under));
    describe("verify", () => verifyContract(under));
    describe("gc", () => garbageContract(under));
    describe("gc and the ledger", () => keptContentsContract(under));
  });
}
