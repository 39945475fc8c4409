/** Search. */
import { expect, it } from "vitest";
import type { SearchQuery } from "../../../src/storage/store.ts";
import {
  BOT,
  contentOf,
  hashesOf,
  hashOf,
  type SampleCommit,
  SampleTract,
  textOf,
  tipOf,
} from "../../support/sample-tract.ts";
import type { StoreUnderTest } from "../store-contract.ts";

export function searchContract(under: StoreUnderTest): void {
  async function published(texts: readonly string[]) {
    const tract = new SampleTract();
    const commits: SampleCommit[] = [];
    for (const text of texts)
      commits.push(
        tract.commit({ parents: commits.length === 0 ? [] : [tipOf(commits)], content: contentOf(text) }),
      );
    await under.store.publish(tract.creation(commits));
    return { tract, commits };
  }
  const index = (limit = 1000) => under.store.indexForSearch({ limit, textOf });
  const search = async (tract: SampleTract, terms: readonly string[], query: Partial<SearchQuery> = {}) =>
    hashesOf(
      (await under.store.search(tract.name, { terms, limit: 50, offset: 0, ...query })).map(
        ({ commit }) => commit,
      ),
    );
  const hashes = (...commits: readonly (SampleCommit | undefined)[]) =>
    commits.map((commit) => commit?.commit.hash);

  it("finds only what is indexed, and says how much is left", async () => {
    const { tract, commits } = await published(["apple", "banana", "cherry"]);
    expect(await search(tract, ["apple"])).toEqual([]);
    expect(await index(2)).toBe(1);
    expect(await search(tract, ["banana"])).toEqual(hashes(commits[1]));
    expect(await search(tract, ["cherry"])).toEqual([]);
    expect(await index(2)).toBe(0);
    expect(await search(tract, ["cherry"])).toEqual(hashes(commits[2]));
    expect(await index()).toBe(0);
  });

  it("matches any of the words, by their stem, in any case", async () => {
    const { tract, commits } = await published([
      "The runner was running",
      "Walks in the park",
      "Nothing here",
    ]);
    await index();
    expect(await search(tract, ["RUN"])).toEqual(hashes(commits[0]));
    expect(new Set(await search(tract, ["walking", "runs"]))).toEqual(
      new Set(hashes(commits[0], commits[1])),
    );
    expect(await search(tract, ["absent"])).toEqual([]);
    expect(await search(tract, [])).toEqual([]);
  });

  it("ranks the best first, and of equal score the newer", async () => {
    const { tract, commits } = await published(["pear", "pear pear pear", "pear", "plum"]);
    await index();
    const hits = await under.store.search(tract.name, { terms: ["pear"], limit: 9, offset: 0 });
    expect(hashesOf(hits.map(({ commit }) => commit))).toEqual(hashes(commits[1], commits[2], commits[0]));
    const scores = hits.map(({ score }) => score);
    expect([...scores].sort((a, b) => b - a)).toEqual(scores);
  });

  it("pages by limit and offset", async () => {
    const { tract } = await published(Array.from({ length: 30 }, (_, n) => `fig number ${n}`));
    await index();
    const all = await search(tract, ["fig"]);
    expect(all).toHaveLength(30);
    expect(await search(tract, ["fig"], { limit: 4, offset: 3 })).toEqual(all.slice(3, 7));
    expect(await search(tract, ["fig"], { limit: 4, offset: 28 })).toEqual(all.slice(28));
    expect(await search(tract, ["fig"], { limit: 0 })).toEqual([]);
  });

  it("finds every commit of a content, in this tract only", async () => {
    const shared = contentOf("quince");
    const tract = new SampleTract();
    const commits = [
      tract.commit({ parents: [], content: shared }),
      tract.commit({ parents: [], content: shared }),
    ];
    await under.store.publish(tract.creation(commits));
    const other = new SampleTract("other");
    const elsewhere = other.commit({ parents: [], content: shared });
    await under.store.publish(other.creation([elsewhere]));
    await index();
    expect(await search(tract, ["quince"])).toEqual(hashes(commits[1], commits[0]));
    expect(await search(other, ["quince"])).toEqual(hashes(elsewhere));
    const later = tract.commit({ parents: [tipOf(commits)], content: shared });
    await under.store.publish(tract.change([later]));
    await index();
    expect(await search(tract, ["quince"])).toEqual(hashes(later, commits[1], commits[0]));
  });

  it("takes no input for query syntax", async () => {
    const { tract, commits } = await published(["AND OR NOT NEAR plain words", 'quoted "text" here']);
    await index();
    const inputs = [
      '"',
      '""',
      "a OR b",
      "NEAR(x y)",
      "text:plain",
      "-plain",
      "*",
      "pla*",
      "^plain",
      "(",
      "'",
      "\0",
      "{x}",
      "a + b",
      "",
      " ",
      "\u{1F600}",
    ];
    for (const input of inputs) await search(tract, [input]);
    expect(await search(tract, ["NOT"])).toEqual(hashes(commits[0]));
    expect(await search(tract, ['"text"'])).toEqual(hashes(commits[1]));
    expect(await search(tract, inputs)).toBeDefined();
  });

  it("filters like the log, and by what a head reaches", async () => {
    const tract = new SampleTract();
    const root = tract.commit({
      parents: [],
      content: contentOf("kiwi one", { role: "system", type: "instruction" }),
    });
    const main = tract.commit({ parents: [root.commit.hash], content: contentOf("kiwi two"), author: BOT });
    const side = tract.commit({ parents: [root.commit.hash], content: contentOf("kiwi three") });
    const edit = tract.commit({
      parents: [main.commit.hash],
      content: contentOf("kiwi four"),
      edits: root.commit.hash,
    });
    await under.store.publish(tract.creation([root, main, side, edit]));
    await index();
    const find = async (query: Partial<SearchQuery>) => new Set(await search(tract, ["kiwi"], query));
    expect(await find({ head: edit.commit.hash })).toEqual(new Set(hashes(root, main, edit)));
    expect(await find({ head: side.commit.hash })).toEqual(new Set(hashes(root, side)));
    expect(await find({ head: hashOf("unknown") })).toEqual(new Set());
    expect(await find({ roles: ["system"] })).toEqual(new Set(hashes(root)));
    expect(await find({ contentTypes: ["dialogue"], authorKinds: [BOT.kind] })).toEqual(
      new Set(hashes(main)),
    );
    expect(await find({ operations: ["edit"] })).toEqual(new Set(hashes(edit)));
    expect(await find({ since: side.commit.createdAt, until: side.commit.createdAt })).toEqual(
      new Set(hashes(side)),
    );
  });

  it("finds old commits among very many that match: by a rarer word, a filter, a head and on the last page", async () => {
    const count = 2_200;
    const tract = new SampleTract();
    const commits: SampleCommit[] = [];
    for (let n = 0; n < count; n++)
      commits.push(
        tract.commit({
          parents: commits.length === 0 ? [] : [tipOf(commits)],
          content: contentOf(n === 3 ? "fig plum" : n === 4 ? "fig kiwi" : `fig number${n}`, {
            role: n === 5 ? "system" : "user",
          }),
        }),
      );
    await under.store.publish(tract.creation(commits));
    await index(count);
    expect((await search(tract, ["fig", "plum"]))[0]).toBe(commits[3]?.commit.hash);
    expect((await search(tract, ["kiwi", "plum", "absent", "fig"])).slice(0, 2)).toEqual(
      hashes(commits[4], commits[3]),
    );
    expect(await search(tract, ["fig"], { roles: ["system"] })).toEqual(hashes(commits[5]));
    const early = commits[6]?.commit.hash ?? hashOf("none");
    expect(new Set(await search(tract, ["fig"], { head: early }))).toEqual(
      new Set(hashes(...commits.slice(0, 7))),
    );
    for (const terms of [["fig"], ["plum", "fig"]]) {
      const pages = await Promise.all(
        Array.from({ length: 5 }, (_, i) => search(tract, terms, { offset: i * 500, limit: 500 })),
      );
      expect(pages.map((page) => page.length)).toEqual([500, 500, 500, 500, 200]);
      expect(new Set(pages.flat()).size).toBe(count);
    }
  });

  it("shows the part of a text around the words, with marks", async () => {
    const long = `${"before ".repeat(50)}the lemon tree ${"after ".repeat(50)}`;
    const [around, short, without] = await under.store.snippets(
      [long, "two lemons", "none of it, just words"],
      {
        terms: ["lemon"],
        words: 8,
      },
    );
    expect(around).toContain("«lemon»");
    expect(around!.split(/\s+/).length).toBeLessThan(16);
    expect(short).toBe("two «lemons»");
    expect(without).toContain("none of it");
    expect(without).not.toContain("«");
    expect(await under.store.snippets([], { terms: ["x"], words: 5 })).toEqual([]);
    expect(await under.store.snippets(["some text"], { terms: [], words: 5 })).toEqual(["some text"]);
    expect(await under.store.snippets([""], { terms: ["x"], words: 5 })).toEqual([""]);
  });

  it("empties the index so that it is built again", async () => {
    const { tract, commits } = await published(["mango", "melon"]);
    await index();
    await under.store.resetSearchIndex();
    expect(await search(tract, ["mango"])).toEqual([]);
    expect(await index()).toBe(0);
    expect(await search(tract, ["mango"])).toEqual(hashes(commits[0]));
    expect(await under.store.checkIntegrity()).toEqual([]);
  });

  it("is safe to index from several connections at once", async ({ skip }) => {
    if (under.reopen === null) return skip("this store has only one connection");
    const { tract, commits } = await published(Array.from({ length: 40 }, (_, n) => `date ${n}`));
    const others = await Promise.all([under.reopen(), under.reopen()]);
    const work = [under.store, ...others].map(async (store) => {
      while ((await store.indexForSearch({ limit: 3, textOf })) > 0);
    });
    await Promise.all(work);
    expect(new Set(await search(tract, ["date"]))).toEqual(new Set(hashes(...commits)));
    for (const other of others) await other.close();
  });
}
