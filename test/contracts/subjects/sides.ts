/** What lies on one side of two commits, what they share, and the summaries behind a head. */
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

export function sidesContract(under: StoreUnderTest): void {
  const tract = new SampleTract();
  const on = (...parents: readonly SampleCommit[]): SampleCommit =>
    tract.commit({
      parents: parents.map(({ commit }) => commit.hash),
      ...(parents.length > 1 ? { content: null } : {}),
    });
  const store = async (...commits: readonly SampleCommit[]): Promise<string> => {
    const change = tract.creation(commits);
    await under.store.publish(change);
    return change.operation!.id;
  };
  const hashes = (...commits: readonly SampleCommit[]): readonly Hash[] =>
    commits.map(({ commit }) => commit.hash);
  const bases = (a: SampleCommit, b: SampleCommit) =>
    under.store.readMergeBases(tract.name, a.commit.hash, b.commit.hash);
  const side = async (head: SampleCommit, without: SampleCommit | null) => {
    const read = await under.store.readSide(tract.name, head.commit.hash, without?.commit.hash ?? null);
    const order = hashesOf(read.map(({ commit }) => commit));
    for (const { commit } of read)
      for (const parent of commit.parents)
        if (order.includes(parent)) expect(order.indexOf(parent)).toBeLessThan(order.indexOf(commit.hash));
    return [...order].sort();
  };
  const sorted = (...commits: readonly SampleCommit[]) => [...hashes(...commits)].sort();

  it("reads what one commit reaches and another does not, with contents and all parents", async () => {
    const root = on();
    const [a1, b1] = [on(root), on(root)];
    const [a2, b2] = [on(a1), on(b1)];
    const merge = on(a2, b1);
    const id = await store(root, a1, b1, a2, b2, merge);
    expect(await side(merge, b2)).toEqual(sorted(a1, a2, merge));
    expect(await side(b2, merge)).toEqual(sorted(b2));
    expect(await side(merge, root)).toEqual(sorted(a1, a2, b1, merge));
    expect(await side(merge, merge)).toEqual([]);
    expect(await side(root, merge)).toEqual([]);
    const [read] = await under.store.readSide(tract.name, b2.commit.hash, merge.commit.hash);
    expect(read).toEqual({ commit: recordOf(b2, id), body: b2.content!.body, text: null });
    const all = await under.store.readSide(tract.name, merge.commit.hash, b2.commit.hash);
    expect(all.at(-1)).toEqual({ commit: recordOf(merge, id), body: null, text: null });
  });

  it("reads a side as a whole when there is nothing to leave out", async () => {
    const [root, other, unknown] = [on(), on(), on()];
    const first = on(root);
    const merge = on(first, other);
    await store(root, other, first, merge);
    expect(await side(merge, null)).toEqual(sorted(root, other, first, merge));
    expect(await side(merge, unknown)).toEqual(sorted(root, other, first, merge));
    expect(await side(first, other)).toEqual(sorted(root, first));
    expect(await under.store.readSide(tract.name, hashOf("unknown"), null)).toEqual([]);
  });

  it("reads sides through merges of merges", async () => {
    const root = on();
    const [a, b, c] = [on(root), on(root), on(root)];
    const ab = on(a, b);
    const abc = on(ab, c);
    const after = on(c);
    const twice = on(after, ab);
    await store(root, a, b, c, ab, abc, after, twice);
    expect(await side(abc, twice)).toEqual(sorted(abc));
    expect(await side(twice, abc)).toEqual(sorted(after, twice));
    expect(await side(abc, c)).toEqual(sorted(a, b, ab, abc));
    expect(await bases(abc, twice)).toEqual(hashes(ab, c));
    expect(await bases(abc, after)).toEqual(hashes(c));
    expect(await bases(abc, b)).toEqual(hashes(b));
  });

  it("finds where two histories parted", async () => {
    const trunk = tract.chain(null, 3);
    const [left, right] = [tract.chain(tipOf(trunk), 3), tract.chain(tipOf(trunk), 2)];
    const early = tract.chain(trunk[0]!.commit.hash, 2);
    const twig = tract.chain(right[0]!.commit.hash, 1);
    await store(...trunk, ...left, ...right, ...early, ...twig);
    expect(await bases(left[2]!, right[1]!)).toEqual([tipOf(trunk)]);
    expect(await bases(left[2]!, early[1]!)).toEqual(hashes(trunk[0]!));
    expect(await bases(twig[0]!, right[1]!)).toEqual(hashes(right[0]!));
    expect(await bases(twig[0]!, left[0]!)).toEqual([tipOf(trunk)]);
  });

  it("counts each commit as its own ancestor, and finds none for what is unrelated or unknown", async () => {
    const chain = tract.chain(null, 3);
    const stranger = on();
    await store(...chain, stranger);
    expect(await bases(chain[2]!, chain[2]!)).toEqual([tipOf(chain)]);
    expect(await bases(chain[0]!, chain[2]!)).toEqual(hashes(chain[0]!));
    expect(await bases(chain[2]!, chain[1]!)).toEqual(hashes(chain[1]!));
    expect(await bases(chain[2]!, stranger)).toEqual([]);
    expect(await bases(chain[2]!, on())).toEqual([]);
  });

  it("finds both bases of a criss-cross, the newest first, whichever side asks", async () => {
    const root = on();
    const [a, b] = [on(root), on(root)];
    const [left, right] = [on(a, b), on(b, a)];
    const [leftTip, rightTip] = [on(left), on(right)];
    await store(root, a, b, left, right, leftTip, rightTip);
    expect(await bases(leftTip, rightTip)).toEqual(hashes(b, a));
    expect(await bases(rightTip, leftTip)).toEqual(hashes(b, a));
    expect(await bases(left, right)).toEqual(hashes(b, a));
    expect(await bases(left, a)).toEqual(hashes(a));
    expect(await bases(leftTip, left)).toEqual(hashes(left));
  });

  it("finds several bases by their time, and by their place where times are equal", async () => {
    const at = (minute: number) => new Date(Date.UTC(2027, 0, 1, 0, minute)).toISOString();
    const made = [30, 10, 20, 20].map((minute) => tract.commit({ parents: [], createdAt: at(minute) }));
    const octopus = () => on(...made);
    const [left, right] = [octopus(), octopus()];
    await store(...made, left, right);
    expect(await bases(left, right)).toEqual(hashes(made[0]!, made[3]!, made[2]!, made[1]!));
  });

  it("leaves out a base that another one descends from over a second parent", async () => {
    const [main, other] = [on(), on()];
    const merged = on(main, other);
    const [left, right] = [on(merged), on(merged, other)];
    await store(main, other, merged, left, right);
    expect(await bases(left, right)).toEqual(hashes(merged));
    expect(await bases(left, other)).toEqual(hashes(other));
  });

  it("finds the summaries and reveals behind a head, in the order of storing", async () => {
    const root = on();
    const content = (text: string) => contentOf(text, { type: "summary", role: "user" });
    const summary = (parent: SampleCommit, text: string) =>
      tract.commit({ parents: hashes(parent), operation: "summary", content: content(text) });
    const first = summary(root, "one");
    const aside = summary(root, "aside");
    const plain = on(first);
    const reveal = tract.commit({
      parents: hashes(plain),
      operation: "reveal",
      edits: first.commit.hash,
      content: null,
    });
    const merge = on(reveal, aside);
    const last = summary(merge, "last");
    const id = await store(root, first, aside, plain, reveal, merge, last);
    const read = (head: SampleCommit) => under.store.readSummaries(tract.name, head.commit.hash);
    expect(await read(reveal)).toEqual([
      { commit: recordOf(first, id), body: first.content!.body, text: null },
      { commit: recordOf(reveal, id), body: null, text: null },
    ]);
    const found = async (head: SampleCommit) => hashesOf((await read(head)).map(({ commit }) => commit));
    expect(await found(plain)).toEqual(hashes(first));
    expect(await found(aside)).toEqual(hashes(aside));
    expect(await found(last)).toEqual(hashes(first, aside, reveal, last));
    expect(await found(root)).toEqual([]);
    expect(await under.store.readSummaries(tract.name, hashOf("unknown"))).toEqual([]);
    // A reveal has a target, and is no edit of it; like every commit without a content it is read all the same.
    expect(await under.store.readEdits(tract.name, first.commit.hash, last.commit.hash)).toEqual([]);
    const chain = await under.store.readChain(tract.name, reveal.commit.hash);
    expect(chain?.at(-1)).toEqual({ commit: recordOf(reveal, id), body: null, text: null });
    const log = await under.store.readLog(tract.name, {
      head: last.commit.hash,
      firstParent: false,
      limit: 9,
      operations: ["reveal", "summary"],
    });
    expect(hashesOf(log)).toEqual(hashes(last, reveal, aside, first));
    const scanned = (await under.store.scanCommits(tract.name, 0, 99)).rows;
    expect(scanned.find(({ commit }) => commit.hash === reveal.commit.hash)).toMatchObject({
      commit: { operation: "reveal", editTarget: first.commit.hash, role: null, priority: "normal" },
      missing: [],
    });
  });
}
