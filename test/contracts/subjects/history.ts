/** Chains, ancestry, reachability, settings, edits. */
import { expect, it } from "vitest";
import type { Hash } from "../../../src/storage/records.ts";
import {
  contentOf,
  hashesOf,
  hashOf,
  recordOf,
  type SampleCommit,
  SampleTract,
  tipOf,
} from "../../support/sample-tract.ts";
import type { StoreUnderTest } from "../store-contract.ts";

export function historyContract(under: StoreUnderTest): void {
  async function published(...commits: readonly SampleCommit[]) {
    const tract = new SampleTract();
    await under.store.publish(tract.creation(commits));
    return tract;
  }

  /**
   * root ── a1 ── a2 ── merge ── tip     (main)
   *     └── b1 ── b2 ──┘                 (merged)
   *     └── c1                           (not merged)
   */
  async function mergedHistory() {
    const tract = new SampleTract();
    const root = tract.commit({ parents: [] });
    const a = tract.chain(root.commit.hash, 2);
    const b = tract.chain(root.commit.hash, 2, { branch: "b" });
    const c = tract.chain(root.commit.hash, 1, { branch: "c" });
    const merge = tract.commit({ parents: [tipOf(a), tipOf(b)], content: null });
    const tip = tract.commit({ parents: [merge.commit.hash] });
    await under.store.publish(tract.creation([root, ...a, ...b, ...c, merge, tip]));
    return { tract, root, a, b, c, merge, tip };
  }

  const chainOf = async (tract: SampleTract, head: Hash, after?: Hash) => {
    const chain = await under.store.readChain(tract.name, head, after);
    return chain === null ? null : hashesOf(chain.map(({ commit }) => commit));
  };
  const hashes = (...commits: readonly SampleCommit[]): readonly Hash[] =>
    commits.map(({ commit }) => commit.hash);

  it("reads the first-parent chain in order of generation, with contents", async () => {
    const tract = new SampleTract();
    const custom = contentOf("rich", { type: "note", text: "plain text of it" });
    const commits = [...tract.chain(null, 3), tract.commit({ parents: [], content: custom })];
    const change = tract.creation(commits);
    await under.store.publish(change);
    const expected = commits.slice(0, 3).map((sample) => ({
      commit: recordOf(sample, change.operation!.id),
      body: sample.content!.body,
      text: null,
    }));
    expect(await under.store.readChain(tract.name, tipOf(commits.slice(0, 3)))).toEqual(expected);
    const [alone] = (await under.store.readChain(tract.name, tipOf(commits))) ?? [];
    expect(alone).toMatchObject({ body: custom.body, text: custom.text });
  });

  it("reads a chain through forks of forks", async () => {
    const tract = new SampleTract();
    const trunk = tract.chain(null, 3);
    const fork = tract.chain(trunk[1]!.commit.hash, 2);
    const twig = tract.chain(fork[0]!.commit.hash, 2);
    await under.store.publish(tract.creation([...trunk, ...fork, ...twig]));
    expect(await chainOf(tract, tipOf(twig))).toEqual(hashes(trunk[0]!, trunk[1]!, fork[0]!, ...twig));
    expect(await chainOf(tract, tipOf(fork))).toEqual(hashes(trunk[0]!, trunk[1]!, ...fork));
    expect(await chainOf(tract, tipOf(trunk))).toEqual(hashes(...trunk));
    expect(await chainOf(tract, fork[0]!.commit.hash)).toEqual(hashes(trunk[0]!, trunk[1]!, fork[0]!));
    const [first] = (await under.store.readChain(tract.name, tipOf(twig), fork[0]!.commit.hash)) ?? [];
    expect(first?.commit.parents).toEqual([fork[0]!.commit.hash]);
  });

  it("reads merged commits exactly once, parents before children", async () => {
    const { tract, root, a, b, merge, tip } = await mergedHistory();
    const chain = (await under.store.readChain(tract.name, tip.commit.hash)) ?? [];
    const order = hashesOf(chain.map(({ commit }) => commit));
    expect([...order].sort()).toEqual([...hashes(root, ...a, ...b, merge, tip)].sort());
    for (const { commit } of chain)
      for (const parent of commit.parents)
        expect(order.indexOf(parent)).toBeLessThan(order.indexOf(commit.hash));
    const merged = chain.find(({ commit }) => commit.hash === merge.commit.hash);
    expect(merged).toMatchObject({
      body: null,
      text: null,
      commit: { parents: [tipOf(a), tipOf(b)], contentHash: null },
    });
  });

  it("reads only what lies beyond a commit of the first-parent chain", async () => {
    const { tract, root, a, b, merge, tip } = await mergedHistory();
    const head = tip.commit.hash;
    expect(await chainOf(tract, head, merge.commit.hash)).toEqual(hashes(tip));
    expect(await chainOf(tract, head, head)).toEqual([]);
    const beyond = await chainOf(tract, head, a[1]!.commit.hash);
    expect([...(beyond ?? [])].sort()).toEqual([...hashes(...b, merge, tip)].sort());
    expect(await chainOf(tract, tipOf(a), root.commit.hash)).toEqual(hashes(...a));
  });

  it("gives null when `after` is not on the first-parent chain", async () => {
    const { tract, a, b, tip } = await mergedHistory();
    expect(await chainOf(tract, tip.commit.hash, tipOf(b))).toBeNull();
    expect(await chainOf(tract, tip.commit.hash, hashOf("unknown"))).toBeNull();
    expect(await chainOf(tract, tipOf(a), tip.commit.hash)).toBeNull();
  });

  it("reads no chain behind a commit that is not there", async () => {
    const tract = await published(...new SampleTract().chain(null, 2));
    expect(await chainOf(tract, hashOf("unknown"))).toEqual([]);
  });

  it("finds config commits on the chain, nearest to the head first", async () => {
    const tract = new SampleTract();
    const config = (text: string) => contentOf(text, { type: "config", role: null });
    const root = tract.commit({ parents: [], content: config("one") });
    const a = tract.chain(root.commit.hash, 2);
    const b = tract.commit({ parents: [root.commit.hash], content: config("two") });
    const merge = tract.commit({ parents: [tipOf(a), b.commit.hash], content: null });
    const last = tract.commit({ parents: [merge.commit.hash], content: config("three") });
    const aside = tract.commit({ parents: [root.commit.hash], content: config("aside") });
    await under.store.publish(tract.creation([root, ...a, b, merge, last, aside]));
    const read = async (head: Hash) =>
      (await under.store.readConfigCommits(tract.name, head)).map(({ body }) => body);
    expect(await read(last.commit.hash)).toEqual([last, b, root].map(({ content }) => content!.body));
    expect(await read(tipOf(a))).toEqual([root.content!.body]);
    const [nearest] = await under.store.readConfigCommits(tract.name, last.commit.hash);
    expect(nearest?.commit).toMatchObject({
      hash: last.commit.hash,
      parents: [merge.commit.hash],
      contentType: "config",
    });
  });

  it("knows what is reachable over any parents", async () => {
    const { tract, root, a, b, c, merge, tip } = await mergedHistory();
    const reaches = (to: Hash, from: Hash) => under.store.isReachable(tract.name, to, from);
    for (const commit of [root, ...a, ...b, merge, tip])
      expect(await reaches(commit.commit.hash, tip.commit.hash)).toBe(true);
    expect(await reaches(c[0]!.commit.hash, tip.commit.hash)).toBe(false);
    expect(await reaches(tip.commit.hash, a[0]!.commit.hash)).toBe(false);
    expect(await reaches(b[0]!.commit.hash, a[1]!.commit.hash)).toBe(false);
    expect(await reaches(hashOf("unknown"), tip.commit.hash)).toBe(false);
    expect(await reaches(root.commit.hash, hashOf("unknown"))).toBe(false);
  });

  it("counts what is reachable, without what another commit reaches", async () => {
    const { tract, root, a, b, c, tip } = await mergedHistory();
    const count = (head: Hash, without?: Hash) => under.store.countReachable(tract.name, head, without);
    expect(await count(tip.commit.hash)).toBe(7);
    expect(await count(tip.commit.hash, tipOf(a))).toBe(4);
    expect(await count(tip.commit.hash, tipOf(b))).toBe(4);
    expect(await count(tip.commit.hash, tipOf(c))).toBe(6);
    expect(await count(tip.commit.hash, tip.commit.hash)).toBe(0);
    expect(await count(root.commit.hash, tip.commit.hash)).toBe(0);
    expect(await count(hashOf("unknown"))).toBe(0);
    expect(await count(root.commit.hash, hashOf("unknown"))).toBe(1);
  });

  it("finds the nth first parent", async () => {
    const { tract, root, a, merge, tip } = await mergedHistory();
    const nth = (n: number) => under.store.readAncestor(tract.name, tip.commit.hash, n);
    expect([await nth(0), await nth(1), await nth(2), await nth(3), await nth(4)]).toEqual(
      hashes(tip, merge, a[1]!, a[0]!, root),
    );
    expect(await nth(5)).toBeNull();
    expect(await under.store.readAncestor(tract.name, hashOf("unknown"), 0)).toBeNull();
  });

  it("finds the edits of a commit behind a head, oldest first", async () => {
    const tract = new SampleTract();
    const root = tract.commit({ parents: [] });
    const target = root.commit.hash;
    const first = tract.commit({ parents: [target], edits: target });
    const second = tract.commit({ parents: [first.commit.hash], edits: target });
    const aside = tract.commit({ parents: [target], edits: target });
    const other = tract.commit({ parents: [second.commit.hash], edits: second.commit.hash });
    await under.store.publish(tract.creation([root, first, second, aside, other]));
    const edits = async (head: SampleCommit) =>
      hashesOf(await under.store.readEdits(tract.name, target, head.commit.hash));
    expect(await edits(other)).toEqual(hashes(first, second));
    expect(await edits(first)).toEqual(hashes(first));
    expect(await edits(aside)).toEqual(hashes(aside));
    expect(await edits(root)).toEqual([]);
    const [edit] = await under.store.readEdits(tract.name, target, other.commit.hash);
    expect(edit).toMatchObject({ operation: "edit", editTarget: target, parents: [target] });
  });

  it("walks a criss-cross of merges", async () => {
    const tract = new SampleTract();
    const root = tract.commit({ parents: [] });
    let [left, right] = [
      tract.commit({ parents: [root.commit.hash] }),
      tract.commit({ parents: [root.commit.hash] }),
    ];
    const all = [root, left, right];
    for (let round = 0; round < 5; round++) {
      const parents = [left.commit.hash, right.commit.hash] as const;
      left = tract.commit({ parents: [parents[0], parents[1]], content: null });
      right = tract.commit({ parents: [parents[1], parents[0]], content: null });
      all.push(left, right);
    }
    await under.store.publish(tract.creation(all));
    expect(await under.store.countReachable(tract.name, left.commit.hash)).toBe(all.length - 1);
    expect(await under.store.countReachable(tract.name, left.commit.hash, right.commit.hash)).toBe(1);
    expect(await chainOf(tract, left.commit.hash)).toHaveLength(all.length - 1);
  });
}
