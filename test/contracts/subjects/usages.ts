/** What APIs reported for heads. */
import { expect, it } from "vitest";
import type { NewUsage } from "../../../src/storage/change-set.ts";
import type { Hash } from "../../../src/storage/records.ts";
import { hashesOf, hashOf, SampleTract, tipOf } from "../../support/sample-tract.ts";
import type { StoreUnderTest } from "../store-contract.ts";

export function usagesContract(under: StoreUnderTest): void {
  const usageOf = (tract: SampleTract, commit: Hash, promptTokens = 100): NewUsage => ({
    commit,
    promptTokens,
    completionTokens: 7,
    createdAt: tract.now(),
  });

  it("gives back every field of a report, with the annotation that was the newest", async () => {
    const { store } = under;
    const tract = new SampleTract();
    const commits = tract.chain(null, 2);
    const usage = usageOf(tract, tipOf(commits));
    const annotations = [tract.annotation(tipOf(commits)), tract.annotation(tipOf(commits))];
    await store.publish(tract.creation(commits, { annotations, usages: [usage] }));
    const stored = { ...usage, annotationSequence: 2 };
    expect(await store.findUsage(tract.name, tipOf(commits))).toEqual(stored);
    const [first, last] = hashesOf(commits.map(({ commit }) => commit));
    expect(await store.readUsages(tract.name, [last!, first!, hashOf("unknown"), last!])).toEqual([
      stored,
      stored,
    ]);
    expect(await store.readUsages("other", [last!])).toEqual([]);
    expect(await store.findUsage("other", last!)).toBeNull();
    expect(await store.checkIntegrity()).toEqual([]);
  });

  it("puts a report in the place of an earlier one of the same commit", async () => {
    const { store } = under;
    const tract = new SampleTract();
    const commits = tract.chain(null, 1);
    await store.publish(tract.creation(commits, { usages: [usageOf(tract, tipOf(commits))] }));
    const again = usageOf(tract, tipOf(commits), 250);
    await store.publish(tract.nothing({ usages: [again] }));
    expect(await store.findUsage(tract.name, tipOf(commits))).toEqual({ ...again, annotationSequence: 0 });
  });

  it("finds the nearest report before a head, on every branch from there", async () => {
    const { store } = under;
    const tract = new SampleTract();
    const main = tract.chain(null, 6);
    const at = (index: number): Hash => main[index]!.commit.hash;
    const side = tract.chain(at(3), 2);
    const early = tract.chain(at(0), 2);
    const [one, two] = [usageOf(tract, at(1)), usageOf(tract, at(4))];
    await store.publish(tract.creation([...main, ...side, ...early], { usages: [one!, two!] }));
    const find = async (head: Hash) => (await store.findUsage(tract.name, head))?.commit ?? null;
    expect(await find(at(5))).toBe(at(4));
    expect(await find(at(4))).toBe(at(4));
    expect(await find(at(3))).toBe(at(1));
    expect(await find(at(0))).toBeNull();
    expect(await find(tipOf(side))).toBe(at(1));
    expect(await find(tipOf(early))).toBeNull();
    expect(await find(hashOf("unknown"))).toBeNull();
  });

  it("finds none behind an edit, a summary, a reveal or a merge, but the one of such a commit itself", async () => {
    const { store } = under;
    const tract = new SampleTract();
    const main = tract.chain(null, 3);
    const side = tract.chain(main[0]!.commit.hash, 1);
    await store.publish(tract.creation([...main, ...side], { usages: [usageOf(tract, tipOf(main))] }));
    const base = tipOf(main);
    const others = [
      tract.commit({ parents: [base], edits: main[0]!.commit.hash }),
      tract.commit({ parents: [base], operation: "summary" }),
      tract.commit({ parents: [base, tipOf(side)], content: null }),
    ];
    const reveal = tract.commit({
      parents: [base],
      operation: "reveal",
      content: null,
      edits: others[1]!.commit.hash,
    });
    for (const other of [...others, reveal]) {
      const later = tract.commit({ parents: [other.commit.hash] });
      await store.publish(tract.change([other, later]));
      expect(await store.findUsage(tract.name, other.commit.hash)).toBeNull();
      expect(await store.findUsage(tract.name, later.commit.hash)).toBeNull();
      await store.publish(tract.nothing({ usages: [usageOf(tract, other.commit.hash)] }));
      expect((await store.findUsage(tract.name, later.commit.hash))?.commit).toBe(other.commit.hash);
    }
  });

  it("refuses a report of a commit that is not there, with all that was to be written", async () => {
    const { store } = under;
    const tract = new SampleTract();
    await store.publish(tract.creation());
    const made = tract.chain(null, 1);
    const change = tract.change(made, { usages: [usageOf(tract, hashOf("unknown"))] });
    await expect(store.publish(change)).rejects.toThrow();
    await expect(
      store.publish(tract.change(made, { usages: [{ ...usageOf(tract, tipOf(made)), createdAt: "now" }] })),
    ).rejects.toThrow();
    expect(await store.findCommits(tract.name, "", 9)).toEqual([]);
  });
}
