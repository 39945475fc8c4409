/** Tracts, refs and snapshots. */
import { expect, it } from "vitest";
import type { RefMove } from "../../../src/storage/records.ts";
import { AT_MAIN, branchMove, recordOf, SampleTract, tipOf } from "../../support/sample-tract.ts";
import type { StoreUnderTest } from "../store-contract.ts";

export function refsContract(under: StoreUnderTest): void {
  it("finds and lists tracts by name", async () => {
    const { store } = under;
    for (const name of ["zebra", "ant", "Über", "\u{1F600}", "\uFF5E"])
      await store.publish(new SampleTract(name).creation());
    expect(await store.findTract("ant")).toMatchObject({
      name: "ant",
      encoding: "o200k_base",
      createdAt: "2026-01-01T00:00:03.000Z",
      annotationSequence: 0,
      operationSequence: 1,
      ledgerSequence: 2,
    });
    expect(await store.findTract("Ant")).toBeNull();
    const names = (await store.listTracts()).map(({ name }) => name);
    expect(names).toEqual(["ant", "zebra", "Über", "\uFF5E", "\u{1F600}"]);
  });

  it("takes a snapshot of where a worktree stands", async () => {
    const { store } = under;
    const tract = new SampleTract();
    const main = tract.chain(null, 2, { metadata: { a: 1 } });
    const side = tract.chain(tipOf(main), 1, { branch: "side" });
    const change = tract.creation([...main, ...side], {
      refMoves: [branchMove("main", null, tipOf(main)), branchMove("side", null, tipOf(side))],
      ensureWorktree: { name: "default", branch: "main" },
    });
    await store.publish(change);
    const operationId = change.operation!.id;
    const headOfMain = recordOf(main.at(-1)!, operationId);
    const headOfSide = recordOf(side[0]!, operationId);
    const at = (over: object) => store.readSnapshot(tract.name, { ...AT_MAIN, ...over });
    const record = await store.findTract(tract.name);

    expect(await at({})).toEqual({
      tract: record,
      worktree: { branch: "main" },
      branch: "main",
      branchExists: true,
      head: headOfMain,
    });
    expect(await at({ branch: "side" })).toMatchObject({
      branch: "side",
      branchExists: true,
      head: headOfSide,
    });
    expect(await at({ branch: "none" })).toMatchObject({ branch: "none", branchExists: false, head: null });
    expect(await at({ worktree: "none" })).toMatchObject({
      worktree: null,
      branch: "main",
      head: headOfMain,
    });
    expect(await at({ worktree: "none", defaultBranch: "side" })).toMatchObject({
      branch: "side",
      head: headOfSide,
    });
  });

  it("takes a snapshot of a detached HEAD and of an unborn branch", async () => {
    const { store } = under;
    const tract = new SampleTract();
    const main = tract.chain(null, 2);
    const older = main[0]!.commit.hash;
    await store.publish(
      tract.creation(main, {
        refMoves: [
          branchMove("main", null, tipOf(main)),
          { kind: "worktree", name: "detached", before: null, after: { commit: older } },
          { kind: "worktree", name: "unborn", before: null, after: { branch: "new" } },
          { kind: "branch", name: "empty", before: null, after: { commit: null } },
        ],
      }),
    );
    const at = (over: object) => store.readSnapshot(tract.name, { ...AT_MAIN, ...over });
    const detached = await at({ worktree: "detached" });
    expect(detached).toMatchObject({ worktree: { commit: older }, branch: null, branchExists: false });
    expect(detached.head?.hash).toBe(older);
    const asked = await at({ worktree: "detached", branch: "main" });
    expect(asked).toMatchObject({ worktree: { commit: older }, branch: "main", branchExists: true });
    expect(asked.head?.hash).toBe(tipOf(main));
    expect(await at({ worktree: "unborn" })).toMatchObject({
      branch: "new",
      branchExists: false,
      head: null,
    });
    expect(await at({ branch: "empty" })).toMatchObject({ branch: "empty", branchExists: true, head: null });
  });

  it("reads refs with the time of their last move, and lists them by name", async () => {
    const { store } = under;
    const tract = new SampleTract();
    const commits = tract.chain(null, 2);
    const first = commits[0]!.commit.hash;
    const creation = tract.creation(commits, {
      refMoves: [branchMove("b", null, first), branchMove("a", null, first), branchMove("gone", null, first)],
    });
    await store.publish(creation);
    const move = tract.change([], {
      refMoves: [branchMove("b", first, tipOf(commits)), branchMove("gone", first, null)],
    });
    await store.publish(move);
    const a = {
      kind: "branch",
      name: "a",
      value: { commit: first },
      updatedAt: creation.operation!.createdAt,
    };
    const b = {
      kind: "branch",
      name: "b",
      value: { commit: tipOf(commits) },
      updatedAt: move.operation!.createdAt,
    };
    expect(await store.readRef(tract.name, "branch", "b")).toEqual(b);
    expect(await store.readRef(tract.name, "branch", "gone")).toBeNull();
    expect(await store.readRef(tract.name, "tag", "b")).toBeNull();
    expect(await store.listRefs(tract.name, "branch")).toEqual([a, b]);
    await store.publish(tract.change([], { refMoves: [branchMove("gone", null, first)] }));
    expect((await store.readRef(tract.name, "branch", "gone"))?.value).toEqual({ commit: first });
  });

  it("reads a ref as it was just after an operation", async () => {
    const { store } = under;
    const tract = new SampleTract();
    const [one, two] = [tract.commit({ parents: [] }), tract.commit({ parents: [] })];
    const [a, b] = [one.commit.hash, two.commit.hash];
    await store.publish(tract.creation([one, two]));
    await store.publish(tract.change([], { refMoves: [branchMove("main", null, a)] }));
    await store.publish(tract.change([]));
    await store.publish(tract.change([], { refMoves: [branchMove("main", a, b)] }));
    await store.publish(tract.change([], { refMoves: [branchMove("main", b, null)] }));
    const values = await Promise.all(
      [0, 1, 2, 3, 4, 5, 9].map((sequence) => store.readRefAsOf(tract.name, "branch", "main", sequence)),
    );
    expect(values).toEqual([null, null, { commit: a }, { commit: a }, { commit: b }, null, null]);
    expect(await store.readRefAsOf(tract.name, "branch", "other", 5)).toBeNull();
  });

  it("moves several refs of every kind at once, one of them twice", async () => {
    const { store } = under;
    const tract = new SampleTract();
    const commits = tract.chain(null, 2);
    const [first, second] = [commits[0]!.commit.hash, tipOf(commits)];
    const refMoves: RefMove[] = [
      branchMove("main", null, first),
      branchMove("main", first, second),
      { kind: "tag", name: "v1", before: null, after: { commit: first, note: "checkpoint" } },
      { kind: "worktree", name: "default", before: null, after: { branch: "main" } },
      { kind: "orig_head", name: "default", before: null, after: { commit: first } },
      { kind: "previous", name: "default", before: null, after: { branch: "main" } },
    ];
    await store.publish(tract.creation(commits, { refMoves }));
    expect((await store.readOperations(tract.name, { limit: 1 }))[0]?.refMoves).toEqual(refMoves);
    expect((await store.readRef(tract.name, "branch", "main"))?.value).toEqual({ commit: second });
    expect(await store.readRefAsOf(tract.name, "branch", "main", 1)).toEqual({ commit: second });
    expect((await store.readRef(tract.name, "tag", "v1"))?.value).toEqual({
      commit: first,
      note: "checkpoint",
    });
    expect((await store.readRef(tract.name, "previous", "default"))?.value).toEqual({ branch: "main" });
  });

  it("takes any name literally", async () => {
    const { store } = under;
    const names = ["'; DROP TABLE refs; --", "%_", "a/b", "\u{1F600}", "__proto__", "1", "A", "a"];
    const tract = new SampleTract("'\"; --");
    const commits = tract.chain(null, 1);
    await store.publish(
      tract.creation(commits, { refMoves: names.map((name) => branchMove(name, null, tipOf(commits))) }),
    );
    const listed = (await store.listRefs(tract.name, "branch")).map(({ name }) => name);
    expect([...listed].sort()).toEqual([...names].sort());
    for (const name of names)
      expect((await store.readRef(tract.name, "branch", name))?.value).toEqual({ commit: tipOf(commits) });
  });
}
