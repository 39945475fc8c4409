/** Single commits and contents. */
import { expect, it } from "vitest";
import { BOT, contentOf, hashOf, recordOf, SampleTract, tipOf } from "../../support/sample-tract.ts";
import type { StoreUnderTest } from "../store-contract.ts";

export function commitsContract(under: StoreUnderTest): void {
  it("gives back every field of a commit", async () => {
    const { store } = under;
    const tract = new SampleTract();
    const root = tract.commit({ parents: [] });
    const side = tract.commit({ parents: [], branch: "side" });
    const rich = tract.commit({
      parents: [root.commit.hash],
      content: contentOf("rule", { type: "instruction", role: "system", priority: "pinned" }),
      author: BOT,
      message: "",
      metadata: { nested: { list: [1, "two", null, 0.5] }, hash: root.commit.hash },
      generationConfig: { temperature: 0 },
      labels: ["b", "a"],
    });
    const edit = tract.commit({ parents: [rich.commit.hash], edits: root.commit.hash });
    const empty = tract.commit({ parents: [edit.commit.hash], metadata: {} });
    const merge = tract.commit({
      parents: [empty.commit.hash, side.commit.hash, root.commit.hash],
      content: null,
    });
    const all = [root, side, rich, edit, empty, merge];
    const change = tract.creation(all);
    await store.publish(change);
    const records = all.map((sample) => recordOf(sample, change.operation!.id));
    expect(
      await store.readCommits(
        tract.name,
        records.map(({ hash }) => hash),
      ),
    ).toEqual(records);
  });

  it("reads commits and contents in the order asked and leaves unknown ones out", async () => {
    const { store } = under;
    const tract = new SampleTract();
    const [one, two] = tract.chain(null, 2);
    await store.publish(tract.creation([one!, two!]));
    const hashes = [two!.commit.hash, hashOf("unknown"), one!.commit.hash, two!.commit.hash];
    const found = (await store.readCommits(tract.name, hashes)).map(({ hash }) => hash);
    expect(found).toEqual([two!.commit.hash, one!.commit.hash, two!.commit.hash]);
    const contents = [two!.content!.hash, hashOf("unknown"), one!.content!.hash];
    expect(await store.readContents(contents)).toEqual([two!.content, one!.content]);
  });

  it("finds commits by the first digits of their hash, in order", async () => {
    const { store } = under;
    const tract = new SampleTract();
    const commits = tract.chain(null, 40);
    await store.publish(tract.creation(commits));
    const sorted = commits.map(({ commit }) => commit.hash).sort();
    const prefix = tipOf(commits).slice(0, 1);
    expect(await store.findCommits(tract.name, prefix, 100)).toEqual(
      sorted.filter((hash) => hash.startsWith(prefix)),
    );
    expect(await store.findCommits(tract.name, "", 3)).toEqual(sorted.slice(0, 3));
    expect(await store.findCommits(tract.name, tipOf(commits), 3)).toEqual([tipOf(commits)]);
    expect(await store.findCommits(tract.name, tipOf(commits).slice(0, 9), 3)).toEqual([tipOf(commits)]);
    expect(await store.findCommits(tract.name, "xyz", 3)).toEqual([]);
    expect(await store.findCommits(tract.name, `${tipOf(commits)}0`, 3)).toEqual([]);
    expect(await store.findCommits(tract.name, "", 0)).toEqual([]);
  });

  it("takes role and priority of a commit from its content as it was stored first", async () => {
    const { store } = under;
    const tract = new SampleTract();
    const content = contentOf("custom", {
      type: "note",
      role: "assistant",
      priority: "important",
      text: "note text",
    });
    const first = tract.commit({ parents: [], content });
    await store.publish(tract.creation([first]));
    const second = tract.commit({
      parents: [first.commit.hash],
      content: { ...content, role: "tool", priority: "skip" },
    });
    await store.publish(tract.change([second]));
    const commits = await store.readCommits(tract.name, [first.commit.hash, second.commit.hash]);
    expect(commits.map(({ role, priority }) => [role, priority])).toEqual([
      ["assistant", "important"],
      ["assistant", "important"],
    ]);
  });
}
