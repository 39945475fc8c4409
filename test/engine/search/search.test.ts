/** Finding commits by words: what is found, in which order, with what around it, and that no query can do harm. */
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type Engine, withScope } from "../../../src/engine/engine.ts";
import { annotate } from "../../../src/engine/history/annotate.ts";
import { createBranch, switchBranch } from "../../../src/engine/history/branch.ts";
import { commit } from "../../../src/engine/history/commit.ts";
import { catchUpSearchIndex } from "../../../src/engine/search/catch-up.ts";
import { type SearchRequest, search } from "../../../src/engine/search/search.ts";
import { openTestEngine, type TestEngineOptions } from "../../support/engine.ts";
import { refusal, say } from "../../support/history.ts";

let engine: Engine;
let close: () => Promise<void>;
async function open(options: TestEngineOptions = {}): Promise<void> {
  ({ engine, close } = await openTestEngine(options));
}
beforeEach(() => open());
afterEach(() => close());

async function sayAll(...texts: readonly string[]): Promise<readonly string[]> {
  const { commits } = await commit(engine, { items: texts.map((content) => ({ content })) });
  return commits.map((made) => made.hash);
}

/** Snippets of the hits without their marks. */
async function found(query: string, request: Partial<SearchRequest> = {}): Promise<readonly string[]> {
  const { hits } = await search(engine, { query, ...request });
  return hits.map((hit) => hit.snippet.replace(/[«»]/g, ""));
}

describe("search", () => {
  it("finds what was committed a moment ago, by any form of its words", async () => {
    await sayAll("The migrations were running", "Nothing here", "We run one migration");
    expect((await found("run migration")).toSorted()).toEqual([
      "The migrations were running",
      "We run one migration",
    ]);
    await say(engine, "Another migration");
    expect(await found("migrate")).toHaveLength(3);
  });

  it("puts first what has more of the words, and of equal ones the newer", async () => {
    for (const text of ["apples", "x", "pears", "y", "apples and pears", "z", "pears", "w", "figs"])
      await say(engine, text);
    expect((await found("apples pears"))[0]).toBe("apples and pears");
    const { hits } = await search(engine, { query: "pears", neighbours: 0 });
    const equal = hits.filter((hit) => hit.snippet === "«pears»").map((hit) => hit.createdAt);
    expect(equal).toHaveLength(2);
    expect(equal).toEqual(equal.toSorted().toReversed());
    expect(hits.map((hit) => hit.score)).toEqual(hits.map((hit) => hit.score).toSorted((a, b) => b - a));
  });

  it("lifts hits that stand beside each other, the answer more than the question", async () => {
    await sayAll("a word", "x", "y", "b word", "c word", "z", "w", "d word", "v");
    const snippets = await found("word");
    expect(snippets.slice(0, 2)).toEqual(["c word", "b word"]);
    expect(new Set(snippets)).toEqual(new Set(["a word", "b word", "c word", "d word"]));
  });

  it("marks the words in a part of a long text", async () => {
    await sayAll(`${"before ".repeat(200)}the needle here ${"after ".repeat(200)}`);
    const [hit] = (await search(engine, { query: "needles" })).hits;
    expect(hit?.snippet).toContain("«needle»");
    expect(hit?.snippet.length).toBeLessThan(500);
  });

  it("shows the messages around a hit, each message once on a page", async () => {
    const hashes = await sayAll("zero", "one", "two target", "three", "four target", "five", "six");
    const { hits } = await search(engine, { query: "target" });
    const shown = hits.flatMap((hit) => [hit.hash, ...hit.neighbours.map((near) => near.hash)]);
    expect(new Set(shown).size).toBe(shown.length);
    expect(new Set(shown)).toEqual(new Set([1, 2, 3, 4, 5].map((i) => hashes[i])));
    const [only] = (await search(engine, { query: "six", neighbours: 3 })).hits;
    expect(only?.neighbours.map(({ snippet, position }) => [snippet, position])).toEqual([
      ["three", -3],
      ["four target", -2],
      ["five", -1],
    ]);
    const [middle] = (await search(engine, { query: "three", neighbours: 1 })).hits;
    expect(middle?.neighbours.map(({ snippet, position }) => [snippet, position])).toEqual([
      ["two target", -1],
      ["four target", 1],
    ]);
    expect((await search(engine, { query: "three", neighbours: 0 })).hits[0]?.neighbours).toEqual([]);
  });

  it("skips what is no message among the neighbours, and looks along the branch of the hit", async () => {
    const [first] = await sayAll("base target");
    await createBranch(engine, { name: "side" });
    await commit(engine, { items: [{ content: { content_type: "metadata", kind: "k", data: {} } }] });
    await say(engine, "on main");
    await say(engine, "side answer", { branch: "side" });
    const hit = (await search(engine, { query: "target" })).hits[0];
    expect([hit?.hash, hit?.neighbours.map((near) => near.snippet)]).toEqual([first, ["on main"]]);
    const onSide = (await search(engine, { query: "target", ref: "side" })).hits[0];
    expect(onSide?.neighbours.map((near) => near.snippet)).toEqual(["side answer"]);
    const side = (await search(engine, { query: "answer" })).hits[0];
    expect([side?.branch, side?.neighbours.map((near) => near.snippet)]).toEqual(["side", ["base target"]]);
  });

  it("says which edit shows in place of a text, and shows an edit among the messages around its target", async () => {
    const [one, two] = await sayAll("old wording", "second", "third");
    const edit = await say(engine, "new wording", { editTarget: one });
    const hits = (await search(engine, { query: "wording" })).hits;
    const byHash = new Map(hits.map((hit) => [hit.hash, hit]));
    expect(byHash.get(one as never)).toMatchObject({ supersededBy: edit, editTarget: null });
    expect(byHash.get(edit)).toMatchObject({ supersededBy: null, editTarget: one });
    const near = (await search(engine, { query: "second" })).hits[0]?.neighbours;
    expect(near?.map(({ hash, snippet }) => [hash, snippet])).toContainEqual([one, "new wording"]);
    const [edited] = (await search(engine, { query: "new" })).hits;
    expect(edited?.neighbours.map((neighbour) => neighbour.hash)).toEqual([two]);
  });

  it("finds what is skipped and what is on no branch any more", async () => {
    const [one] = await sayAll("hidden word");
    await annotate(engine, { refs: [one ?? ""], priority: "skip" });
    expect(await found("hidden")).toEqual(["hidden word"]);
  });

  it("filters like log, and by the history of a ref", async () => {
    await commit(engine, {
      items: [
        { content: "word one", role: "system" },
        { content: "word two", role: "assistant" },
        { content: "word three" },
      ],
    });
    await createBranch(engine, { name: "side", from: "HEAD~2" });
    expect(await found("word", { role: "assistant" })).toEqual(["word two"]);
    expect(await found("word", { contentType: "instruction" })).toEqual(["word one"]);
    expect(await found("word", { ref: "side" })).toEqual(["word one"]);
    expect(await found("word", { ref: "HEAD", branch: "side" })).toEqual(["word one"]);
    expect(await found("word", { since: "2030-01-01" })).toEqual([]);
    expect(await found("word", { until: "2030-01-01" })).toHaveLength(3);
    expect(await found("word", { operation: "edit" })).toEqual([]);
  });

  it("keeps tracts apart, and answers on a tract that nobody has written to", async () => {
    await sayAll("secret word");
    const other = withScope(engine, { tract: "other" });
    expect((await search(other, { query: "secret" })).hits).toEqual([]);
    await say(other, "secret word");
    expect((await search(other, { query: "secret" })).hits).toHaveLength(1);
  });

  it("pages without repeats or gaps", async () => {
    const hashes = await sayAll(
      ...Array.from({ length: 25 }, (_, i) => `word ${"filler ".repeat(i % 7)}${i}`),
    );
    const seen: string[] = [];
    let cursor: string | undefined;
    do {
      const page = await search(engine, { query: "word", limit: 4, cursor, neighbours: 0 });
      seen.push(...page.hits.map((hit) => hit.hash));
      cursor = page.nextCursor ?? undefined;
    } while (cursor !== undefined);
    expect(seen).toHaveLength(25);
    expect(new Set(seen)).toEqual(new Set(hashes));
  });

  it("pages on beyond what is ranked together", async () => {
    await close();
    await open({ limits: { pageMax: 8 } });
    const hashes = await sayAll(...Array.from({ length: 21 }, (_, i) => `word ${"filler ".repeat(i % 5)}`));
    const seen: string[] = [];
    let cursor: string | undefined;
    do {
      const page = await search(engine, { query: "word", limit: 5, cursor, neighbours: 0 });
      seen.push(...page.hits.map((hit) => hit.hash));
      cursor = page.nextCursor ?? undefined;
    } while (cursor !== undefined);
    expect(seen).toHaveLength(21);
    expect(new Set(seen)).toEqual(new Set(hashes));
  });

  it("takes a cursor only for the query that gave it", async () => {
    await sayAll("word a", "word b");
    const cursor = (await search(engine, { query: "word", limit: 1 })).nextCursor ?? "";
    expect((await search(engine, { query: "word", limit: 5, cursor })).hits).toHaveLength(1);
    for (const request of [
      { query: "words" },
      { query: "word", role: "user" },
      { query: "word", neighbours: 2 },
    ] as const)
      expect((await refusal(engine, () => search(engine, { ...request, cursor }))).data.path).toBe("cursor");
  });

  it("cuts hits from the end to a budget of tokens, and gives them on the next page", async () => {
    await sayAll(...Array.from({ length: 12 }, (_, i) => `word number ${i} with some more text to read`));
    const counter = await engine.tokenCounter("o200k_base");
    const request = { query: "word", budgetTokens: 60, neighbours: 1 };
    const seen: string[] = [];
    let cursor: string | undefined;
    do {
      const page = await search(engine, { ...request, cursor });
      const texts = page.hits.flatMap((hit) => [hit.snippet, ...hit.neighbours.map((near) => near.snippet)]);
      expect(texts.reduce((sum, text) => sum + counter.count(text), 0)).toBeLessThanOrEqual(60);
      seen.push(...page.hits.map((hit) => hit.hash));
      cursor = page.nextCursor ?? undefined;
    } while (cursor !== undefined);
    expect(new Set(seen).size).toBe(12);
    expect(seen).toHaveLength(12);
    const error = await refusal(engine, () => search(engine, { query: "word", budgetTokens: 2 }));
    expect([error.code, error.data.budget_tokens]).toEqual(["budget-too-small", 2]);
    expect(error.data.needed).toBeGreaterThan(2);
  });

  it("answers a query without words with a note", async () => {
    await sayAll("word");
    for (const query of ["", "?", "🙂", '"', "\0", "\ud800", "* OR".slice(0, 1)]) {
      const answer = await search(engine, { query });
      expect([answer.hits, answer.nextCursor, answer.terms]).toEqual([[], null, []]);
      expect(answer.note).not.toBeNull();
    }
    expect((await search(engine, { query: "word" })).note).toBeNull();
    expect((await search(engine, { query: `word ${" ".repeat(10_000)}` })).note).not.toBeNull();
  });

  it("refuses what is out of bounds, a ref that does not exist, and a call that was cancelled", async () => {
    await sayAll("word");
    const codes = async (request: Partial<SearchRequest>): Promise<string> =>
      (await refusal(engine, () => search(engine, { query: "word", ...request }))).code;
    for (const request of [
      { limit: 0 },
      { neighbours: -1 },
      { neighbours: 6 },
      { budgetTokens: 0 },
      { since: "x" },
    ])
      expect(await codes(request)).toBe("invalid-argument");
    expect(await codes({ contentType: "dialogues" })).toBe("invalid-argument");
    expect(await codes({ ref: "mian" })).toBe("not-found");
    expect(await codes({ signal: AbortSignal.abort() })).toBe("cancelled");
  });

  it("survives any query", async () => {
    await sayAll("a b c", "AND OR NOT NEAR", '"quoted" text*', "emoji 🙂 and 北京", "ünïcode");
    const hostile = fc.oneof(
      fc.string({ unit: "binary", maxLength: 60 }),
      fc
        .array(
          fc.constantFrom(
            '"',
            "'",
            "*",
            "(",
            ")",
            "NEAR/2",
            "AND",
            "OR",
            "NOT",
            "a",
            "^",
            ":",
            "-",
            "{",
            "\0",
            ";--",
            "🙂",
            "\ud800",
            "text:",
          ),
        )
        .map((parts) => parts.join(" ")),
      fc.constant("a".repeat(20_000)),
      fc.constant(`"${"( ".repeat(5_000)}`),
    );
    await fc.assert(
      fc.asyncProperty(hostile, async (query) => {
        const { hits } = await search(engine, { query, limit: 3 });
        expect(hits.length).toBeLessThanOrEqual(3);
        for (const hit of hits) expect(hit.snippet.isWellFormed()).toBe(true);
      }),
      { numRuns: 60 },
    );
  });
});

describe("search on a store that cannot be written to", () => {
  it("finds what is indexed and says that there may be more", async () => {
    await sayAll("one word");
    expect(await found("word")).toHaveLength(1);
    await say(engine, "two words");
    const readonly = new Proxy(engine.store, {
      get: (target, key) => {
        const member: unknown = Reflect.get(target, key, target);
        return key === "isReadonly" ? true : typeof member === "function" ? member.bind(target) : member;
      },
    });
    const answer = await search({ ...engine, store: readonly }, { query: "word" });
    expect(answer.hits).toHaveLength(1);
    expect(answer.note).not.toBeNull();
    expect(await found("word")).toHaveLength(2);
  });
});

describe("catchUpSearchIndex", () => {
  it("indexes in batches, once, and stops when it is told to", async () => {
    await close();
    await open({ limits: { searchIndexBatch: 3 } });
    await sayAll(...Array.from({ length: 10 }, (_, i) => `word ${i}`));
    const controller = new AbortController();
    const { store } = engine;
    let batches = 0;
    const counted = new Proxy(store, {
      get: (target, key) => {
        const member: unknown = Reflect.get(target, key, target);
        if (typeof member !== "function") return member;
        return key === "indexForSearch"
          ? (...args: unknown[]) => {
              if (++batches === 2) controller.abort();
              return member.apply(target, args);
            }
          : member.bind(target);
      },
    });
    const slow = { ...engine, store: counted };
    await expect(catchUpSearchIndex(slow, { signal: controller.signal })).rejects.toMatchObject({
      code: "cancelled",
    });
    expect(batches).toBe(2);
    await catchUpSearchIndex(slow);
    expect(batches).toBe(4);
    expect((await search(engine, { query: "word", limit: 20 })).hits).toHaveLength(10);
  });

  it("finds on every branch", async () => {
    await sayAll("one word");
    await createBranch(engine, { name: "side" });
    await switchBranch(engine, { name: "side" });
    await say(engine, "two words");
    await switchBranch(engine, { name: "main" });
    expect(await found("word")).toHaveLength(2);
  });
});
