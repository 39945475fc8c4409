/** Whole tables in pages, and the database's own check. */
import { expect, it } from "vitest";
import type { Store } from "../../../src/storage/store.ts";
import {
  branchMove,
  recordOf,
  type SampleCommit,
  SampleTract,
  textOf,
  tipOf,
} from "../../support/sample-tract.ts";
import type { StoreUnderTest } from "../store-contract.ts";

export function verifyContract(under: StoreUnderTest): void {
  type Page<Row> = { readonly rows: readonly Row[]; readonly next: number };

  /** All rows, read in pages of three. */
  async function pages<Row>(
    scan: (after: number, limit: number) => Promise<Page<Row>>,
  ): Promise<readonly Row[]> {
    const all: Row[] = [];
    for (let after = 0, count = 0; count < 100; count++) {
      const { rows, next } = await scan(after, 3);
      expect(rows.length).toBeLessThanOrEqual(3);
      if (rows.length === 0) return all;
      all.push(...rows);
      after = next;
    }
    throw new Error("the scan does not end");
  }

  async function sample() {
    const tract = new SampleTract();
    const other = new SampleTract("other");
    const commits: SampleCommit[] = [...tract.chain(null, 4)];
    const fork = tract.commit({ parents: [commits[1]!.commit.hash], edits: commits[0]!.commit.hash });
    const merge = tract.commit({ parents: [tipOf(commits), fork.commit.hash], content: null });
    const first = tract.creation(commits);
    const second = tract.change([fork, merge], { refMoves: [branchMove("main", null, merge.commit.hash)] });
    const others = other.chain(null, 5);
    await under.store.publish(first);
    await under.store.publish(other.creation(others));
    await under.store.publish(second);
    const records = [
      ...commits.map((commit) => recordOf(commit, first.operation!.id)),
      ...[fork, merge].map((commit) => recordOf(commit, second.operation!.id)),
    ];
    return { tract, records, contents: [...commits, ...others, fork].map(({ content }) => content) };
  }

  it("scans contents of the whole store", async () => {
    const { contents } = await sample();
    expect(await pages((after, limit) => under.store.scanContents(after, limit))).toEqual(contents);
  });

  it("scans the commits of a tract, with nothing missing", async () => {
    const { tract, records } = await sample();
    const rows = await pages((after, limit) => under.store.scanCommits(tract.name, after, limit));
    expect(rows).toEqual(records.map((commit) => ({ commit, missing: [] })));
  });

  it("scans the operations of a tract", async () => {
    const { tract } = await sample();
    const rows = await pages((after, limit) => under.store.scanOperations(tract.name, after, limit));
    const all = await under.store.readOperations(tract.name, { limit: 100 });
    expect(rows).toEqual(all.toReversed());
  });

  it("finds a sound store sound", async () => {
    await sample();
    expect(await under.store.checkIntegrity()).toEqual([]);
    expect(await under.store.checkDerived()).toEqual([]);
  });

  it("finds a sound store sound while another connection indexes it for search", async ({ skip }) => {
    const { store, reopen } = under;
    if (reopen === null) return skip("this store has only one connection");
    const tract = new SampleTract();
    const [first] = tract.chain(null, 1);
    await store.publish(tract.creation(first === undefined ? [] : [first]));
    const index = (indexed: Store) => indexed.indexForSearch({ limit: 100, textOf });
    await index(store);
    expect(await store.checkIntegrity()).toEqual([]);
    const other = await reopen();
    try {
      // Enough for the parts of the index that the first connection has seen to be merged into others.
      for (let round = 0; round < 20; round++) {
        await other.publish(tract.change([tract.commit({ parents: [] })]));
        await index(other);
        expect(await store.checkIntegrity()).toEqual([]);
      }
    } finally {
      await other.close();
    }
  });

  it("makes nothing again where all is sound, and changes nothing", async () => {
    const { tract } = await sample();
    await under.store.publish(
      tract.nothing({ compileRecords: [tract.compileRecord(), tract.compileRecord()] }),
    );
    const before = await under.store.findTract(tract.name);
    expect(await under.store.repairDerived()).toEqual([]);
    expect(await under.store.findTract(tract.name)).toEqual(before);
    expect([await under.store.checkIntegrity(), await under.store.checkDerived()]).toEqual([[], []]);
  });
}
