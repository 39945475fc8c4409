/** Gc: what leads to a commit, what goes with it, and what is left of it. */
import { expect, it } from "vitest";
import type { ChangeSet } from "../../../src/storage/change-set.ts";
import type { Garbage, GarbageRule, Swept } from "../../../src/storage/garbage.ts";
import type { Hash } from "../../../src/storage/records.ts";
import { branchMove, contentOf, hashOf, SampleTract, tipOf } from "../../support/sample-tract.ts";
import type { StoreUnderTest } from "../store-contract.ts";

const LATER = "2030-01-01T00:00:00.000Z";
const EARLIER = "2020-01-01T00:00:00.000Z";

/** Nothing is young, and nothing relates. */
export const STRICT: GarbageRule = {
  commitsSince: LATER,
  operationsSince: LATER,
  relatingTypes: [],
  relatingSince: null,
  plainTypes: ["commit"],
  keepingEntries: [],
};

const noRest = async (): Promise<void> => {};

export function garbageContract(under: StoreUnderTest): void {
  const find = (rule: Partial<GarbageRule> = {}, tract = "sample"): Promise<Garbage> =>
    under.store.findGarbage(tract, { ...STRICT, ...rule }, noRest);

  async function sweepAll(tract: SampleTract, garbage: Garbage, limit = 100): Promise<readonly Swept[]> {
    const all: Swept[] = [];
    for (let round = 0; round < 100; round++) {
      const entry = (swept: Swept) =>
        tract.ledger({ eventType: "GC", decision: "SWEPT", metadata: { commits: swept.commits } });
      const swept = await under.store.sweepGarbage(garbage, { limit, entry });
      if (swept === "stale") throw new Error("nobody else removes");
      if (swept === "done") return all;
      all.push(swept);
    }
    throw new Error("the sweep does not end");
  }

  /** main: 3 commits; side: 4 more on the second of them, which no branch has any more; then a newest one on main. */
  async function abandoned(over: Partial<ChangeSet> = {}) {
    const tract = new SampleTract();
    const trunk = tract.chain(null, 3);
    await under.store.publish(tract.creation(trunk, { refMoves: [branchMove("main", null, tipOf(trunk))] }));
    const side = tract.chain(trunk[1]!.commit.hash, 4, { branch: "side" });
    const refMoves = [branchMove("side", null, tipOf(side))];
    await under.store.publish(tract.change(side, { refMoves, ...over }));
    const gone = { kind: "branch", name: "side", before: { commit: tipOf(side) }, after: null } as const;
    await under.store.publish(tract.change([], { refMoves: [gone] }));
    const last = tract.chain(tipOf(trunk), 1);
    await under.store.publish(
      tract.change(last, { refMoves: [branchMove("main", tipOf(trunk), tipOf(last))] }),
    );
    return { tract, trunk, side, last, lost: side.map(({ commit }) => commit.hash).reverse() };
  }

  it("finds the commits that nothing leads to, and the contents that only they name", async () => {
    const { side } = await abandoned();
    const before = await under.store.findTract("sample");
    const garbage = await find();
    expect(garbage).toMatchObject({ commits: 4, contents: 4, kept: { refs: 4, recent: 0, operations: 0 } });
    expect(garbage.bytes).toBe(side.reduce((sum, { content }) => sum + content!.body.length, 0));
    expect([garbage.oldest, garbage.newest]).toEqual([side[0]!.commit.createdAt, side[3]!.commit.createdAt]);
    expect(await under.store.findTract("sample")).toEqual(before);
  });

  it("finds nothing in a tract that does not exist", async () => {
    const garbage = await find({}, "none");
    expect(garbage).toMatchObject({ commits: 0, contents: 0, bytes: 0, oldest: null, newest: null });
    const entry = () => new SampleTract().ledger();
    expect(await under.store.sweepGarbage(garbage, { limit: 10, entry })).toBe("done");
  });

  it("removes children before parents in parts, each with its ledger entry", async () => {
    const { tract, lost } = await abandoned();
    const entries = await under.store.countLedger("sample", {});
    const swept = await sweepAll(tract, await find(), 3);
    expect(swept.map(({ commits }) => commits)).toEqual([lost.slice(0, 3), lost.slice(3)]);
    expect(swept.flatMap(({ contents }) => contents)).toHaveLength(4);
    expect(await under.store.countLedger("sample", {})).toBe(entries + 2);
    expect(await under.store.countLedger("sample", { eventTypes: ["GC"] })).toBe(2);
    expect([await under.store.checkIntegrity(), await under.store.checkDerived()]).toEqual([[], []]);
  });

  it("leaves nothing of a removed commit but its name", async () => {
    const { tract, side, lost } = await abandoned();
    const tip = tipOf(side);
    await under.store.publish(tract.change([], { annotations: [tract.annotation(tip)] }));
    const operations = await under.store.readOperations("sample", { limit: 100 });
    const annotations = await under.store.readAnnotations("sample", { after: 0, upTo: 100 });
    await sweepAll(tract, await find());
    expect(await under.store.readCommits("sample", lost)).toEqual([]);
    expect(await under.store.findCommits("sample", tip, 5)).toEqual([]);
    expect(await under.store.readChain("sample", tip)).toEqual([]);
    expect(await under.store.readContents(side.map(({ content }) => content!.hash))).toEqual([]);
    expect(await under.store.readOperations("sample", { limit: 100 })).toEqual(operations);
    expect(await under.store.readAnnotations("sample", { after: 0, upTo: 100 })).toEqual(annotations);
    expect(await under.store.readCommitAnnotations("sample", tip)).toEqual(annotations);
    expect(await under.store.readRefAsOf("sample", "branch", "side", 2)).toEqual({ commit: tip });
    expect(await under.store.readOperations("sample", { limit: 9, commit: tip })).toHaveLength(1);
    expect([await under.store.checkIntegrity(), await under.store.checkDerived()]).toEqual([[], []]);
  });

  it("names what it removed", async () => {
    const { tract, trunk, lost } = await abandoned();
    expect(await under.store.findCollected("sample", lost)).toEqual([]);
    await sweepAll(tract, await find());
    expect(await under.store.findCollected("sample", [tipOf(trunk), ...lost])).toEqual(lost);
    expect(await under.store.findCollected("none", lost)).toEqual([]);
    const first = await under.store.scanCollected("sample", 0, 3);
    const second = await under.store.scanCollected("sample", first.next, 3);
    expect([first.rows.length, second.rows.length]).toEqual([3, 1]);
    expect([...first.rows, ...second.rows].sort()).toEqual([...lost].sort());
    expect((await under.store.scanCollected("sample", second.next, 3)).rows).toEqual([]);
  });

  it.each<readonly [string, Partial<GarbageRule>, string]>([
    ["young commits", { commitsSince: EARLIER }, "recent"],
    ["what young operations made", { operationsSince: EARLIER, plainTypes: ["commit"] }, "operations"],
    [
      "where refs stood before and after young operations",
      { operationsSince: EARLIER, plainTypes: [] },
      "operations",
    ],
    ["what relating operations made at any time", { relatingTypes: ["commit"] }, "relations"],
    [
      "what relating operations made since a time",
      { relatingTypes: ["commit"], relatingSince: EARLIER },
      "relations",
    ],
  ])("keeps %s", async (_, rule, root) => {
    await abandoned();
    const garbage = await find(rule);
    expect(garbage.commits).toBe(0);
    expect(garbage.kept[root as keyof Garbage["kept"]]).toBe(4);
  });

  it("lets go what relating operations made before a time", async () => {
    await abandoned();
    expect((await find({ relatingTypes: ["commit"], relatingSince: LATER })).commits).toBe(4);
  });

  it("keeps what an operation of another tract used", async () => {
    const { side } = await abandoned();
    const other = new SampleTract("other");
    const change = other.creation(other.chain(null, 1));
    const operation = { ...change.operation!, type: "import_commit", sources: [tipOf(side)] };
    await under.store.publish({ ...change, operation });
    expect((await find({ relatingTypes: ["import_commit"] })).commits).toBe(0);
  });

  it("keeps what tags, HEADs, ORIG_HEADs and places to return to lead to", async () => {
    const { tract, lost } = await abandoned();
    const kinds = ["tag", "worktree", "orig_head", "previous"] as const;
    const commit = lost[0]!;
    for (const kind of kinds) {
      const move = { kind, name: "x", before: null, after: { commit } };
      await under.store.publish(tract.change([], { refMoves: [move] }));
      expect((await find()).commits).toBe(0);
      await under.store.publish(
        tract.change([], { refMoves: [{ ...move, before: { commit }, after: null }] }),
      );
      expect((await find()).commits).toBe(4);
    }
  });

  it("keeps heads of compile records, and what pending plans name", async () => {
    const { tract, lost } = await abandoned();
    const plan = tract.plan({ head: lost[3]!, body: { groups: [{ sources: [lost[2]!] }] } });
    await under.store.publish(tract.nothing({ plans: [plan] }));
    expect(await find()).toMatchObject({ commits: 2, kept: { plans: 2 } });
    await under.store.publish(tract.nothing({ plans: [{ ...plan, state: "applied" }] }));
    expect(await find()).toMatchObject({ commits: 4, kept: { plans: 0 } });
    await under.store.publish(tract.nothing({ compileRecords: [tract.compileRecord({ head: lost[1]! })] }));
    expect(await find()).toMatchObject({ commits: 1, kept: { records: 3 } });
  });

  it("keeps whatever a kept commit needs: all parents, what it edits, the sources of a summary", async () => {
    const { tract, last, side, lost } = await abandoned();
    const merge = tract.commit({ parents: [tipOf(last), lost[3]!], content: null });
    await under.store.publish(
      tract.change([merge], { refMoves: [branchMove("main", tipOf(last), merge.commit.hash)] }),
    );
    expect((await find()).commits).toBe(3);
    const edit = tract.commit({ parents: [merge.commit.hash], edits: lost[2]! });
    await under.store.publish(
      tract.change([edit], { refMoves: [branchMove("main", merge.commit.hash, edit.commit.hash)] }),
    );
    expect(await find()).toMatchObject({ commits: 2, kept: { links: 1 } });
    const body = JSON.stringify({
      content_type: "summary",
      sources: [tipOf(side)],
      strategy: "manual",
      text: "",
    });
    const content = contentOf("", { type: "summary", body });
    const summary = tract.commit({ parents: [edit.commit.hash], operation: "summary", content });
    await under.store.publish(
      tract.change([summary], { refMoves: [branchMove("main", edit.commit.hash, summary.commit.hash)] }),
    );
    expect((await find()).commits).toBe(0);
  });

  it("keeps contents that another commit names, of whatever tract", async () => {
    const shared = contentOf("shared");
    const { tract, last } = await abandoned();
    const lost = tract.chain(tipOf(last), 2, { content: shared });
    await under.store.publish(tract.change(lost));
    const other = new SampleTract("other");
    const theirs = other.chain(null, 1, { content: shared });
    await under.store.publish(
      other.creation(theirs, { refMoves: [branchMove("main", null, tipOf(theirs))] }),
    );
    const newest = tract.chain(tipOf(last), 1);
    await under.store.publish(
      tract.change(newest, { refMoves: [branchMove("main", tipOf(last), tipOf(newest))] }),
    );
    const garbage = await find();
    expect(garbage).toMatchObject({ commits: 6, contents: 4 });
    await sweepAll(tract, garbage, 2);
    expect(await under.store.readContents([shared.hash])).toEqual([shared]);
    expect((await under.store.readChain("other", tipOf(theirs)))?.[0]?.body).toBe(shared.body);
  });

  it("removes a content of several commits with the last of them", async () => {
    const shared = contentOf("shared");
    const { tract, last } = await abandoned();
    const lost = tract.chain(tipOf(last), 3, { content: shared });
    await under.store.publish(tract.change(lost));
    const newest = tract.chain(tipOf(last), 1);
    await under.store.publish(
      tract.change(newest, { refMoves: [branchMove("main", tipOf(last), tipOf(newest))] }),
    );
    const swept = await sweepAll(tract, await find(), 1);
    const at = swept.findIndex(({ contents }) => contents.includes(shared.hash));
    expect(swept[at]?.commits).toEqual([lost[0]!.commit.hash]);
    expect(await under.store.readContents([shared.hash])).toEqual([]);
  });

  it("keeps what something leads to by the time of the sweep", async () => {
    const { tract, lost } = await abandoned();
    const garbage = await find();
    const saved = lost[2]!;
    await under.store.publish(tract.change([], { refMoves: [branchMove("saved", null, saved)] }));
    const grown = tract.chain(lost[1]!, 1);
    await under.store.publish(tract.change(grown));
    const swept = await sweepAll(tract, garbage, 1);
    expect(swept.flatMap(({ commits }) => commits)).toEqual([lost[0]]);
    expect(await under.store.readChain("sample", tipOf(grown))).toHaveLength(6);
    expect([await under.store.checkIntegrity(), await under.store.checkDerived()]).toEqual([[], []]);
  });

  it("keeps a content that a new commit names by the time of the sweep", async () => {
    const { tract, side, last } = await abandoned();
    const garbage = await find();
    const content = side[3]!.content!;
    const reused = tract.commit({ parents: [tipOf(last)], content });
    await under.store.publish(
      tract.change([reused], { refMoves: [branchMove("main", tipOf(last), reused.commit.hash)] }),
    );
    const swept = await sweepAll(tract, garbage);
    expect(swept.flatMap(({ contents }) => contents)).toHaveLength(3);
    expect(await under.store.readContents([content.hash])).toEqual([content]);
  });

  it("removes nothing once somebody else has removed commits", async () => {
    const { tract, lost } = await abandoned();
    const [mine, theirs] = [await find(), await find()];
    await sweepAll(tract, theirs, 4);
    const entry = () => tract.ledger({ eventType: "GC", decision: "SWEPT" });
    expect(await under.store.sweepGarbage(mine, { limit: 1, entry })).toBe("stale");
    expect(await under.store.findCollected("sample", lost)).toEqual(lost);
    expect((await find()).commits).toBe(0);
  });

  it("does not remove the newest commit and content, whose ids must not be given out again", async () => {
    const tract = new SampleTract();
    const trunk = tract.chain(null, 2);
    await under.store.publish(
      tract.creation(trunk, { refMoves: [branchMove("main", null, trunk[0]!.commit.hash)] }),
    );
    expect(await find()).toMatchObject({ commits: 0, kept: { refs: 1, newest: 1 } });
    const again = tract.commit({ parents: [trunk[0]!.commit.hash], content: trunk[0]!.content });
    await under.store.publish(
      tract.change([again], { refMoves: [branchMove("main", trunk[0]!.commit.hash, again.commit.hash)] }),
    );
    // The newest content is still that of the second commit.
    expect(await find()).toMatchObject({ commits: 0, kept: { refs: 2, newest: 1 } });
  });

  it("gives the place of removed commits to later ones", async () => {
    const { tract, trunk, side, lost } = await abandoned();
    const root = trunk[1]!.commit.hash;
    const config = contentOf("settings", { type: "config", role: null });
    const other = tract.commit({ parents: [tipOf(trunk)], content: config });
    const merge = tract.commit({ parents: [tipOf(side), other.commit.hash], content: null });
    const after = tract.commit({ parents: [merge.commit.hash], content: config });
    await under.store.publish(tract.change([other, merge, after]));
    const newest = tract.chain(tipOf(trunk), 1);
    await under.store.publish(tract.change(newest, { refMoves: [branchMove("new", null, tipOf(newest))] }));
    await sweepAll(tract, await find(), 2);
    expect(
      await under.store.findCollected("sample", [after.commit.hash, merge.commit.hash, ...lost]),
    ).toHaveLength(6);
    const grown = tract.chain(root, 8);
    await under.store.publish(tract.change(grown, { refMoves: [branchMove("grown", null, tipOf(grown))] }));
    const chain = await under.store.readChain("sample", tipOf(grown));
    expect(chain?.map(({ commit }) => commit.hash)).toEqual(
      [...trunk.slice(0, 2), ...grown].map(({ commit }) => commit.hash),
    );
    expect(await under.store.countReachable("sample", tipOf(grown))).toBe(10);
    expect(await under.store.readConfigCommits("sample", tipOf(grown))).toEqual([]);
    expect(await under.store.readMergeBases("sample", tipOf(grown), tipOf(newest))).toEqual([root]);
    expect([await under.store.checkIntegrity(), await under.store.checkDerived()]).toEqual([[], []]);
  });

  it("lets a removed commit be made again", async () => {
    const { tract, side, trunk, lost } = await abandoned();
    const annotation = tract.annotation(lost[3]!);
    await under.store.publish(tract.change([], { annotations: [annotation] }));
    await sweepAll(tract, await find());
    await under.store.publish(tract.change([side[0]!], { refMoves: [branchMove("again", null, lost[3]!)] }));
    expect(await under.store.readChain("sample", lost[3]!)).toHaveLength(3);
    expect(await under.store.isReachable("sample", trunk[0]!.commit.hash, lost[3]!)).toBe(true);
    expect(await under.store.readCommitAnnotations("sample", lost[3]!)).toMatchObject([
      { priority: "pinned" },
    ]);
    expect(await under.store.readOperations("sample", { limit: 9, commit: lost[3]! })).toHaveLength(2);
    expect([await under.store.checkIntegrity(), await under.store.checkDerived()]).toEqual([[], []]);
  });

  it("refuses a change that names a commit or content it has removed, as a conflict, and one that never was as a mistake", async () => {
    const { tract, side, last, lost } = await abandoned();
    await sweepAll(tract, await find());
    const moved = (hash: Hash) => ({ name: "StoreConflict", moved: { what: "commit", hash } });
    const publish = (change: ChangeSet) => under.store.publish(change);
    await expect(publish(tract.change(tract.chain(lost[0]!, 1)))).rejects.toMatchObject(moved(lost[0]!));
    await expect(
      publish(tract.change([], { refMoves: [branchMove("back", null, lost[1]!)] })),
    ).rejects.toMatchObject(moved(lost[1]!));
    await expect(
      publish(tract.change([], { annotations: [tract.annotation(lost[2]!)] })),
    ).rejects.toMatchObject(moved(lost[2]!));
    const content = side[0]!.content!;
    const bare = { ...tract.change([tract.commit({ parents: [tipOf(last)], content })]), contents: [] };
    await expect(publish(bare)).rejects.toMatchObject({ moved: { what: "content", hash: content.hash } });
    const never = hashOf("never");
    await expect(
      publish(tract.change([], { refMoves: [branchMove("never", null, never)] })),
    ).rejects.not.toHaveProperty("moved");
  });

  it("takes what it removes out of the search index", async () => {
    const { tract } = await abandoned();
    const textOf = ({ body }: { readonly body: string }): string => body;
    while ((await under.store.indexForSearch({ limit: 3, textOf })) > 0);
    const query = { terms: ["text"], limit: 50, offset: 0 };
    expect(await under.store.search("sample", query)).toHaveLength(8);
    await sweepAll(tract, await find(), 3);
    expect(await under.store.search("sample", query)).toHaveLength(4);
    const more = tract.chain(null, 2);
    await under.store.publish(tract.change(more));
    while ((await under.store.indexForSearch({ limit: 3, textOf })) > 0);
    expect(await under.store.search("sample", query)).toHaveLength(6);
    expect([await under.store.checkIntegrity(), await under.store.checkDerived()]).toEqual([[], []]);
  });

  it("rests between its reads, and is ended by it", async () => {
    await abandoned();
    let rests = 0;
    await under.store.findGarbage("sample", STRICT, async () => {
      rests += 1;
    });
    expect(rests).toBeGreaterThan(0);
    const stop = under.store.findGarbage("sample", STRICT, () => Promise.reject(new RangeError("enough")));
    await expect(stop).rejects.toThrow("enough");
  });

  it("knows how many of its bytes are free", async () => {
    const { tract } = await abandoned();
    await sweepAll(tract, await find());
    expect(await under.store.readReusable()).toBeGreaterThanOrEqual(0);
    expect(await under.store.readReusable()).toBeLessThan(await under.store.readSize());
  });
}
