/** Publishing changes of several tracts: all of them, or none. */
import { expect, it } from "vitest";
import type { ChangeSet } from "../../../src/storage/change-set.ts";
import { StoreConflict } from "../../../src/storage/errors.ts";
import { branchMove, contentOf, SampleTract, tipOf } from "../../support/sample-tract.ts";
import type { StoreUnderTest } from "../store-contract.ts";

export function severalContract(under: StoreUnderTest): void {
  async function stateOf(...names: readonly string[]): Promise<unknown> {
    const { store } = under;
    return await Promise.all(
      names.map(async (name) => ({
        tract: await store.findTract(name),
        branches: await store.listRefs(name, "branch"),
        commits: await store.findCommits(name, "", 99),
        operations: await store.readOperations(name, { limit: 99 }),
        annotations: await store.readAnnotations(name, { after: 0, upTo: 99 }),
        ledger: await store.readLedger(name, { order: "asc", limit: 99 }),
        plans: await store.listPlans(name, { limit: 99 }),
        contents: (await store.scanContents(0, 99)).rows,
      })),
    );
  }

  /** A change that adds a commit, a plan and an annotation to a tract with one commit on main. */
  function growth(tract: SampleTract, tip: ReturnType<typeof tipOf>, expected = tip): ChangeSet {
    const next = tract.chain(tip, 1);
    return tract.change(next, {
      refMoves: [branchMove("main", expected, tipOf(next))],
      plans: [tract.plan()],
      annotations: [tract.annotation(tip)],
    });
  }

  async function started(name: string) {
    const tract = new SampleTract(name);
    const commits = tract.chain(null, 1);
    const refMoves = [branchMove("main", null, tipOf(commits))];
    await under.store.publish(tract.creation(commits, { refMoves }));
    return { tract, tip: tipOf(commits) };
  }

  it("writes all of them, in order, and gives the receipt of the first", async () => {
    const { store } = under;
    const [one, two] = [await started("one"), await started("two")];
    await store.publish(two.tract.change([]));
    const made = new SampleTract("made");
    const content = contentOf("shared by both");
    const first = one.tract.commit({ parents: [one.tip], content });
    // The later change names a content that only the first one brings.
    const sharing = made.creation([made.commit({ parents: [], content })]);
    const receipt = await store.publish(one.tract.change([first]), [
      growth(two.tract, two.tip),
      { ...sharing, contents: [] },
    ]);
    expect(receipt).toEqual({ operationSequence: 2, annotationSequence: 0, ledgerSequence: 3 });
    expect(await store.findTract("two")).toMatchObject({
      operationSequence: 3,
      annotationSequence: 1,
      ledgerSequence: 4,
    });
    expect(await store.findCommits("one", "", 9)).toHaveLength(2);
    expect(await store.findCommits("two", "", 9)).toHaveLength(2);
    const [found] = await store.findCommits("made", "", 9);
    expect(await store.readChain("made", found!)).toMatchObject([{ body: content.body }]);
    expect(await store.checkIntegrity()).toEqual([]);
    // What is remembered of the tracts is what was written: the next write goes on from there.
    await store.publish(made.change([made.commit({ parents: [found!] })]), [two.tract.change([])]);
    expect((await store.findTract("two"))?.operationSequence).toBe(4);
  });

  it("writes nothing of the first when the second is refused", async () => {
    const { store } = under;
    const [one, two] = [await started("one"), await started("two")];
    const lost = growth(two.tract, two.tip, one.tip);
    const made = new SampleTract("made");
    const before = await stateOf("one", "two", "made");
    for (const change of [growth(one.tract, one.tip), made.creation(made.chain(null, 1))]) {
      await expect(store.publish(change, [lost])).rejects.toMatchObject({
        moved: { what: "ref", kind: "branch", name: "main", actual: { commit: two.tip } },
      });
      expect(await stateOf("one", "two", "made")).toEqual(before);
    }
    expect(await store.listTracts()).toHaveLength(2);
    const unknown = new SampleTract("unknown").change([]);
    await expect(store.publish(growth(one.tract, one.tip), [unknown])).rejects.toBeInstanceOf(StoreConflict);
    const bad = { ...growth(two.tract, two.tip), contents: [] };
    await expect(store.publish(growth(one.tract, one.tip), [bad])).rejects.toThrow();
    expect(await stateOf("one", "two", "made")).toEqual(before);
    await store.publish(growth(one.tract, one.tip), [growth(two.tract, two.tip)]);
    expect(await store.checkIntegrity()).toEqual([]);
  });

  it("writes nothing of the others when the first is refused", async () => {
    const { store } = under;
    const [one, two] = [await started("one"), await started("two")];
    const before = await stateOf("one", "two");
    const lost = growth(one.tract, one.tip, two.tip);
    await expect(store.publish(lost, [growth(two.tract, two.tip)])).rejects.toBeInstanceOf(StoreConflict);
    expect(await stateOf("one", "two")).toEqual(before);
  });

  it("takes one change of each tract", async () => {
    const { store } = under;
    const { tract, tip } = await started("one");
    const before = await stateOf("one");
    await expect(store.publish(tract.change([]), [growth(tract, tip)])).rejects.toThrow("once");
    expect(await stateOf("one")).toEqual(before);
  });
}
