/** Publishing: expectations, all or nothing, what is stored once. */
import { createHash } from "node:crypto";
import { expect, it } from "vitest";
import type { ChangeSet } from "../../../src/storage/change-set.ts";
import { StoreConflict } from "../../../src/storage/errors.ts";
import { AT_MAIN, branchMove, contentOf, hashOf, SampleTract, tipOf } from "../../support/sample-tract.ts";
import type { StoreUnderTest } from "../store-contract.ts";

export function publishContract(under: StoreUnderTest): void {
  /** A tract with three commits on main. */
  async function threeCommits() {
    const tract = new SampleTract();
    const commits = tract.chain(null, 3);
    const receipt = await under.store.publish(
      tract.creation(commits, {
        refMoves: [branchMove("main", null, tipOf(commits))],
        ensureWorktree: { name: "default", branch: "main" },
      }),
    );
    return { tract, commits, tip: tipOf(commits), receipt };
  }

  /** Everything a tract holds, to see that nothing changed. */
  async function contentsOf(name: string) {
    const { store } = under;
    return {
      tract: await store.findTract(name),
      branches: await store.listRefs(name, "branch"),
      worktrees: await store.listRefs(name, "worktree"),
      commits: await store.findCommits(name, "", 1000),
      contents: (await store.scanContents(0, 1000)).rows,
      operations: await store.readOperations(name, { limit: 1000 }),
      annotations: await store.readAnnotations(name, { after: 0, upTo: 1000 }),
      ledger: await store.readLedger(name, { order: "asc", limit: 1000 }),
      records: await store.listCompileRecords(name, { limit: 1000 }),
    };
  }

  async function expectConflict(change: ChangeSet, moved: StoreConflict["moved"]): Promise<void> {
    const before = await contentsOf(change.tract);
    const failure = await under.store.publish(change).then(
      () => null,
      (error: unknown) => error,
    );
    expect(failure).toBeInstanceOf(StoreConflict);
    expect((failure as StoreConflict).moved).toEqual(moved);
    expect(await contentsOf(change.tract)).toEqual(before);
  }

  it("gives the sequences that it handed out", async () => {
    const { tract, tip, receipt } = await threeCommits();
    expect(receipt).toEqual({ operationSequence: 1, annotationSequence: 0, ledgerSequence: 2 });
    const annotations = [tract.annotation(tip), tract.annotation(tip)];
    expect(await under.store.publish(tract.change([], { annotations }))).toEqual({
      operationSequence: 2,
      annotationSequence: 2,
      ledgerSequence: 3,
    });
    expect(await under.store.publish(tract.nothing({ compileRecords: [tract.compileRecord()] }))).toEqual({
      operationSequence: 0,
      annotationSequence: 2,
      ledgerSequence: 3,
    });
    expect(await under.store.findTract(tract.name)).toMatchObject({
      operationSequence: 2,
      annotationSequence: 2,
      ledgerSequence: 3,
    });
  });

  it("refuses to make a tract that exists, and to write to one that does not", async () => {
    const { tract } = await threeCommits();
    await expectConflict(tract.creation(), { what: "tract", exists: true });
    await expectConflict(new SampleTract("other").change([]), { what: "tract", exists: false });
  });

  it("makes a tract only with a GENESIS entry", async () => {
    await expect(under.store.publish({ ...new SampleTract().creation(), ledger: [] })).rejects.toThrow(
      "GENESIS",
    );
    expect(await under.store.listTracts()).toEqual([]);
  });

  it("refuses when a branch is not where it was expected", async () => {
    const { tract, commits, tip } = await threeCommits();
    const next = tract.chain(tip, 1);
    const first = commits[0]!.commit.hash;
    await expectConflict(tract.change(next, { refMoves: [branchMove("main", first, tipOf(next))] }), {
      what: "ref",
      kind: "branch",
      name: "main",
      expected: { commit: first },
      actual: { commit: tip },
    });
    await expectConflict(tract.change(next, { refMoves: [branchMove("main", null, tipOf(next))] }), {
      what: "ref",
      kind: "branch",
      name: "main",
      expected: null,
      actual: { commit: tip },
    });
    await expectConflict(tract.change(next, { refMoves: [branchMove("new", tip, tipOf(next))] }), {
      what: "ref",
      kind: "branch",
      name: "new",
      expected: { commit: tip },
      actual: null,
    });
  });

  it("refuses when a ref that is only looked at has moved", async () => {
    const { tract, tip } = await threeCommits();
    const refs = [
      { kind: "branch", name: "main", value: { commit: tip } },
      { kind: "worktree", name: "default", value: { branch: "other" } },
    ] as const;
    await expectConflict(tract.change([], { expect: { refs, annotationSequence: null } }), {
      what: "ref",
      kind: "worktree",
      name: "default",
      expected: { branch: "other" },
      actual: { branch: "main" },
    });
  });

  it("tells an unborn branch and a note from their absence", async () => {
    const { tract, tip } = await threeCommits();
    const move = (name: string, before: object | null, after: object | null) =>
      ({ kind: "tag", name, before, after }) as ChangeSet["refMoves"][number];
    await under.store.publish(tract.change([], { refMoves: [move("unborn", null, { commit: null })] }));
    await under.store.publish(
      tract.change([], { refMoves: [move("noted", null, { commit: tip, note: "why" })] }),
    );
    const refOf = async (name: string) => (await under.store.readRef(tract.name, "tag", name))?.value;
    expect(await refOf("unborn")).toEqual({ commit: null });
    expect(await refOf("noted")).toEqual({ commit: tip, note: "why" });
    await expectConflict(tract.change([], { refMoves: [move("unborn", null, { commit: tip })] }), {
      what: "ref",
      kind: "tag",
      name: "unborn",
      expected: null,
      actual: { commit: null },
    });
    await expectConflict(tract.change([], { refMoves: [move("noted", { commit: tip }, null)] }), {
      what: "ref",
      kind: "tag",
      name: "noted",
      expected: { commit: tip },
      actual: { commit: tip, note: "why" },
    });
    await under.store.publish(
      tract.change([], { refMoves: [move("noted", { commit: tip, note: "why" }, null)] }),
    );
    expect(await refOf("noted")).toBeUndefined();
  });

  it("refuses when an annotation was written meanwhile, unless any is allowed", async () => {
    const { tract, tip } = await threeCommits();
    await under.store.publish(tract.change([], { annotations: [tract.annotation(tip)] }));
    const stale = { refs: [], annotationSequence: 0 };
    await expectConflict(tract.change([], { expect: stale, annotations: [tract.annotation(tip)] }), {
      what: "annotations",
      expected: 0,
      actual: 1,
    });
    await under.store.publish(tract.change([], { expect: { refs: [], annotationSequence: 1 } }));
    await under.store.publish(tract.change([], { expect: { refs: [], annotationSequence: null } }));
  });

  it("refuses when anything was written to the ledger meanwhile, if that is expected", async () => {
    const { tract } = await threeCommits();
    const { ledgerSequence = 0 } = (await under.store.findTract(tract.name)) ?? {};
    const expect = { refs: [], annotationSequence: null, ledgerSequence };
    await under.store.publish(tract.nothing({ ledger: [tract.ledger({})], expect }));
    await expectConflict(tract.nothing({ ledger: [tract.ledger({})], expect }), {
      what: "ledger",
      expected: ledgerSequence,
      actual: ledgerSequence + 1,
    });
  });

  it("refuses an idempotency key that was used, before it looks at refs", async () => {
    const { tract, tip } = await threeCommits();
    const next = tract.chain(tip, 1);
    const change = tract.change(next, { refMoves: [branchMove("main", tip, tipOf(next))] });
    const keyed = { ...change, operation: { ...change.operation!, idempotencyKey: "again" } };
    await under.store.publish(keyed);
    const retry = { ...keyed, operation: { ...keyed.operation, id: tract.ulid() } };
    await expectConflict(retry, { what: "idempotency-key", operationId: keyed.operation.id });
    expect((await under.store.findOperationByKey(tract.name, "again"))?.id).toBe(keyed.operation.id);
    expect(await under.store.findOperationByKey(tract.name, "other")).toBeNull();
  });

  it("writes nothing when a commit, a content or a time is not what it must be", async () => {
    const { tract, tip } = await threeCommits();
    const unknown = hashOf("unknown");
    const badChanges: readonly ChangeSet[] = [
      tract.change(tract.chain(unknown, 1)),
      tract.change([tract.commit({ parents: [tip, unknown], content: null })]),
      tract.change([tract.commit({ parents: [tip], edits: unknown })]),
      { ...tract.change(tract.chain(tip, 1)), contents: [] },
      tract.change([], { annotations: [tract.annotation(unknown)] }),
      tract.change([], { refMoves: [branchMove("new", null, unknown)] }),
      tract.change([tract.commit({ parents: [tip], createdAt: "2026-01-01T00:00:00Z" })]),
      { ...tract.change(tract.chain(tip, 1)), operation: null },
    ];
    const before = await contentsOf(tract.name);
    for (const change of badChanges) {
      await expect(under.store.publish(change)).rejects.toThrow();
      expect(await contentsOf(tract.name)).toEqual(before);
    }
  });

  it("stores a content once, whoever brings it", async () => {
    const { tract, tip } = await threeCommits();
    const content = contentOf("shared");
    const commits = [tract.commit({ parents: [tip], content }), tract.commit({ parents: [tip], content })];
    await under.store.publish(tract.change(commits));
    const other = new SampleTract("other");
    await under.store.publish(
      other.creation([other.commit({ parents: [], content: { ...content, role: "tool" } })]),
    );
    const all = (await under.store.scanContents(0, 1000)).rows.filter(({ hash }) => hash === content.hash);
    expect(all).toEqual([content]);
  });

  it("skips a commit that is there already, and goes on with its children", async () => {
    const { tract, commits, tip } = await threeCommits();
    const child = tract.commit({ parents: [tip] });
    await under.store.publish(
      tract.change([...commits, child], { refMoves: [branchMove("main", tip, child.commit.hash)] }),
    );
    expect(await under.store.findCommits(tract.name, "", 100)).toHaveLength(4);
    expect(await under.store.countReachable(tract.name, child.commit.hash)).toBe(4);
    const [again] = await under.store.readCommits(tract.name, [tip]);
    const [first] = await under.store.readOperations(tract.name, {
      limit: 9,
      type: "commit",
      beforeSequence: 2,
    });
    expect(again?.operationId).toBe(first?.id);
  });

  it("makes a worktree that is missing, and leaves one that is there", async () => {
    const { tract, tip } = await threeCommits();
    const ensure = (branch: string) => tract.change([], { ensureWorktree: { name: "second", branch } });
    await under.store.publish(ensure("main"));
    await under.store.publish(ensure("other"));
    const worktree = await under.store.readRef(tract.name, "worktree", "second");
    expect(worktree?.value).toEqual({ branch: "main" });
    const [newest, older] = await under.store.readOperations(tract.name, { limit: 2 });
    expect([newest?.refMoves, older?.refMoves]).toEqual([[], []]);
    expect(await under.store.readRefAsOf(tract.name, "worktree", "second", 1)).toBeNull();
    expect(await under.store.readRefAsOf(tract.name, "worktree", "second", 2)).toEqual({ branch: "main" });
    expect((await under.store.readSnapshot(tract.name, { ...AT_MAIN, worktree: "second" })).head?.hash).toBe(
      tip,
    );
  });

  it("seals the ledger: each entry covers the one before", async () => {
    const { tract, tip } = await threeCommits();
    await under.store.publish(tract.change([], { ledger: [tract.ledger(), tract.ledger()] }));
    const entries = await under.store.readLedger(tract.name, { order: "asc", limit: 100 });
    expect(entries.map(({ sequence }) => sequence)).toEqual([1, 2, 3, 4]);
    let previous = "";
    for (const { sequence, bodyHash, previousHash, entryHash } of entries) {
      expect(previousHash).toBe(previous);
      const sealed = `tract.ledger.v1\n${previous}\n${sequence}\n${bodyHash}`;
      expect(entryHash).toBe(createHash("sha256").update(sealed).digest("hex"));
      previous = entryHash;
    }
    expect((await under.store.findTract(tract.name))?.ledgerHead).toBe(previous);
    expect(tip).toBeDefined();
  });

  it("lets exactly one of two racing writers win", async () => {
    const { tract, tip } = await threeCommits();
    const second = under.reopen === null ? under.store : await under.reopen();
    const changes = [tract.chain(tip, 1), tract.chain(tip, 1)].map((commits) =>
      tract.change(commits, { refMoves: [branchMove("main", tip, tipOf(commits))] }),
    );
    const results = await Promise.allSettled([under.store.publish(changes[0]!), second.publish(changes[1]!)]);
    const lost = results.filter((result) => result.status === "rejected");
    expect(lost).toHaveLength(1);
    expect(lost[0]?.reason).toBeInstanceOf(StoreConflict);
    expect(await under.store.findCommits(tract.name, "", 100)).toHaveLength(4);
    if (second !== under.store) await second.close();
  });

  it("keeps large and odd texts exactly", async () => {
    const { tract, tip } = await threeCommits();
    const texts = [
      "NUL \0 and \u{1F600} and «»",
      "x".repeat(100_000),
      "é\u0301".repeat(9000),
      "\uFFFF\u2028",
    ];
    const contents = texts.map((text) => contentOf(text, { text: text.repeat(2) }));
    const commits = contents.map((content) => tract.commit({ parents: [tip], content }));
    await under.store.publish(tract.change(commits));
    expect(await under.store.readContents(contents.map(({ hash }) => hash))).toEqual(contents);
  });
}
