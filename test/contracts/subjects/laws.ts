/** What holds for every method of a store. */
import { mkdtemp, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { openStore } from "../../../src/storage/open-store.ts";
import { AT_MAIN, branchMove, hashOf, SampleTract, tipOf } from "../../support/sample-tract.ts";
import type { StoreUnderTest } from "../store-contract.ts";

export function lawsContract(under: StoreUnderTest): void {
  it("says what it is", () => {
    expect(["sqlite", "postgres", "memory"]).toContain(under.store.kind);
    expect(under.store.description).not.toBe("");
    expect(under.store.isReadonly).toBe(false);
  });

  it("reads a tract that does not exist as an empty one", async () => {
    const { store } = under;
    const none = hashOf("none");
    expect(await store.findTract("none")).toBeNull();
    expect(await store.listTracts()).toEqual([]);
    expect(await store.readSnapshot("none", AT_MAIN)).toEqual({
      tract: null,
      worktree: null,
      branch: "main",
      branchExists: false,
      head: null,
    });
    expect(await store.readRef("none", "branch", "main")).toBeNull();
    expect(await store.listRefs("none", "branch")).toEqual([]);
    expect(await store.readRefAsOf("none", "branch", "main", 1)).toBeNull();
    expect(await store.findCommits("none", "", 10)).toEqual([]);
    expect(await store.readCommits("none", [none])).toEqual([]);
    expect(await store.readContents([none])).toEqual([]);
    expect(await store.readChain("none", none)).toEqual([]);
    expect(await store.readChain("none", none, none)).toBeNull();
    expect(await store.readConfigCommits("none", none)).toEqual([]);
    expect(await store.isReachable("none", none, none)).toBe(false);
    expect(await store.countReachable("none", none)).toBe(0);
    expect(await store.readAncestor("none", none, 0)).toBeNull();
    expect(await store.readLog("none", { head: none, limit: 5, firstParent: true })).toEqual([]);
    expect(await store.readSide("none", none, null)).toEqual([]);
    expect(await store.readMergeBases("none", none, none)).toEqual([]);
    expect(await store.readSummaries("none", none)).toEqual([]);
    expect(await store.readEdits("none", none, none)).toEqual([]);
    expect(await store.readAnnotations("none", { after: 0, upTo: 9 })).toEqual([]);
    expect(await store.readCommitAnnotations("none", none)).toEqual([]);
    expect(await store.readOperations("none", { limit: 5 })).toEqual([]);
    expect(await store.readOperations("none", { sort: "ratio", limit: 5 })).toEqual([]);
    expect(await store.findPlan("none", "01KDTRACT0AB00000000000001")).toBeNull();
    expect(await store.listPlans("none", { limit: 5 })).toEqual([]);
    expect(await store.findOperation("none", "01KDTRACT0AB00000000000001")).toBeNull();
    expect(await store.findOperationByKey("none", "key")).toBeNull();
    expect(await store.findOperationAt("none", "2026-01-01T00:00:00.000Z")).toBeNull();
    expect(await store.readLedger("none", { order: "asc", limit: 5 })).toEqual([]);
    expect(await store.countLedger("none", {})).toBe(0);
    expect(await store.readCompileRecord("none", "id")).toBeNull();
    expect(await store.listCompileRecords("none", { limit: 5 })).toEqual([]);
    expect(await store.listContentTypes("none")).toEqual([]);
    expect(await store.search("none", { terms: ["word"], limit: 5, offset: 0 })).toEqual([]);
    expect((await store.scanCommits("none", 0, 5)).rows).toEqual([]);
    expect((await store.scanOperations("none", 0, 5)).rows).toEqual([]);
  });

  it("keeps tracts apart, but for contents", async () => {
    const { store } = under;
    const one = new SampleTract("one");
    const two = new SampleTract("two");
    const [ones, twos] = [one.chain(null, 2), two.chain(null, 3)];
    await store.publish(one.creation(ones, { refMoves: [branchMove("main", null, tipOf(ones))] }));
    await store.publish(two.creation(twos, { refMoves: [branchMove("main", null, tipOf(twos))] }));
    expect(await store.readCommits("two", [tipOf(ones)])).toEqual([]);
    expect(await store.findCommits("one", "", 10)).toHaveLength(2);
    expect(await store.isReachable("two", tipOf(ones), tipOf(twos))).toBe(false);
    expect(await store.readOperations("one", { limit: 10 })).toHaveLength(1);
    expect(await store.countLedger("two", {})).toBe(2);
    expect(await store.readContents([twos[0]!.content!.hash])).toHaveLength(1);
  });

  it("shows at once what another connection wrote", async ({ skip }) => {
    const { store, reopen } = under;
    if (reopen === null) return skip("this store has only one connection");
    const other = await reopen();
    const tract = new SampleTract();
    const first = tract.chain(null, 1);
    expect(await other.readSnapshot(tract.name, AT_MAIN)).toMatchObject({ tract: null });
    await store.publish(tract.creation(first, { refMoves: [branchMove("main", null, tipOf(first))] }));
    expect((await other.readSnapshot(tract.name, AT_MAIN)).head?.hash).toBe(tipOf(first));
    const second = tract.chain(tipOf(first), 1);
    await other.publish(
      tract.change(second, { refMoves: [branchMove("main", tipOf(first), tipOf(second))] }),
    );
    expect((await store.readSnapshot(tract.name, AT_MAIN)).head?.hash).toBe(tipOf(second));
    await other.close();
  });

  it("has a counter that grows with its own writes, and stands still while there are none", async () => {
    const { store } = under;
    const before = await store.readChangeCounter();
    await store.publish(new SampleTract().creation());
    const after = await store.readChangeCounter();
    expect(after).toBeGreaterThan(before);
    await store.listTracts();
    expect(await store.readChangeCounter()).toBe(after);
  });

  it("has a counter that grows with the writes of another connection", async ({ skip }) => {
    const { store, reopen } = under;
    if (reopen === null) return skip("this store has only one connection");
    const other = await reopen();
    const before = await store.readChangeCounter();
    expect(await store.readChangeCounter()).toBe(before);
    await other.publish(new SampleTract().creation());
    expect(await store.readChangeCounter()).toBeGreaterThan(before);
    await other.close();
  });

  it("closes once and for all", async () => {
    const { store } = under;
    await store.close();
    await store.close();
    await expect(store.listTracts()).rejects.toMatchObject({ name: "StoreError", failure: "store-unusable" });
    await expect(store.publish(new SampleTract().creation())).rejects.toMatchObject({
      failure: "store-unusable",
    });
    await expect(store.snippets(["text"], { terms: ["text"], words: 5 })).rejects.toMatchObject({
      failure: "store-unusable",
    });
  });

  it("copies itself into a new file for this user alone while another connection is open, and into no other", async ({
    skip,
  }) => {
    const { store, reopen } = under;
    const folder = await mkdtemp(join(tmpdir(), "tract-backup-"));
    try {
      const file = join(folder, "backup.db");
      const tract = new SampleTract();
      await store.publish(tract.creation(tract.chain(null, 3)));
      if (reopen === null) {
        await expect(store.backupTo(file)).rejects.toMatchObject({ failure: "store-unusable" });
        return skip("a store in memory");
      }
      const other = await reopen();
      const bytes = await store.backupTo(file);
      await other.close();
      const { mode, size } = await stat(file);
      expect([size, mode & 0o777]).toEqual([bytes, 0o600]);
      for (const place of [file, join(folder, "missing", "backup.db"), folder])
        await expect(store.backupTo(place)).rejects.toMatchObject({ failure: "store-unusable" });
      const copy = await openStore(file, { readonly: true });
      expect(await copy.listTracts()).toEqual(await store.listTracts());
      expect([await copy.checkIntegrity(), await copy.checkDerived()]).toEqual([[], []]);
      await copy.close();
      expect((await stat(file)).size).toBe(bytes);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  });

  it("knows its size", async () => {
    const { store } = under;
    await store.publish(new SampleTract().creation(new SampleTract().chain(null, 1)));
    expect(await store.readSize()).toBeGreaterThan(0);
  });
}
