/** History with a merge in it: what log lists, how far apart commits are, what a range shows, what stands around a hit. */
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { hashCommit } from "../../../src/engine/content/hashes.ts";
import type { Engine } from "../../../src/engine/engine.ts";
import { createBranch } from "../../../src/engine/history/branch.ts";
import { chainDistance } from "../../../src/engine/history/chain-distance.ts";
import { log } from "../../../src/engine/history/log.ts";
import { operationChange } from "../../../src/engine/history/publish.ts";
import { sealOperation } from "../../../src/engine/history/seal-operation.ts";
import { show } from "../../../src/engine/history/show.ts";
import { readSite } from "../../../src/engine/history/snapshot.ts";
import { verify } from "../../../src/engine/ledger/verify.ts";
import { search } from "../../../src/engine/search/search.ts";
import type { Hash } from "../../../src/storage/records.ts";
import { openTestEngine } from "../../support/engine.ts";
import { refusal, say } from "../../support/history.ts";

for (const store of ["sqlite", "memory"] as const) {
  describe(`a merged history on ${store}`, () => {
    let engine: Engine;
    let close: () => Promise<void>;
    let at: Record<string, Hash>;

    /** main: a b c M d; side, from a: x y; M has the parents c and y. */
    beforeEach(async () => {
      ({ engine, close } = await openTestEngine({ store }));
      const a = await say(engine, "a");
      await createBranch(engine, { name: "side" });
      const b = await say(engine, "b");
      const c = await say(engine, "c");
      const x = await say(engine, "x", { branch: "side" });
      const y = await say(engine, "y", { branch: "side" });
      const m = await merge(c, y);
      const d = await say(engine, "d");
      at = { a, b, c, x, y, m, d };
    });
    afterEach(() => close());

    async function merge(ours: Hash, theirs: Hash): Promise<Hash> {
      const site = await readSite(engine, {});
      const now = new Date(engine.clock()).toISOString();
      const { author } = engine.scope;
      const made = {
        parents: [ours, theirs],
        contentHash: null,
        contentType: null,
        operation: "merge",
        editTarget: null,
        message: "m",
        metadata: null,
        generationConfig: null,
        labels: [],
        author,
        createdAt: now,
      } as const;
      const hash = hashCommit(made);
      const id = engine.newId();
      const note = { id, type: "merge", branch: "main", now, results: [hash], reason: "Merged" };
      const change = operationChange(engine, site, { ...note, evidence: { before: ours, after: hash } });
      const whole = sealOperation({
        ...change,
        commits: [{ ...made, hash, tokens: 0, branch: "main" }],
        refMoves: [{ kind: "branch", name: "main", before: { commit: ours }, after: { commit: hash } }],
      });
      await engine.store.publish(whole);
      return hash;
    }

    async function letters(request: Parameters<typeof log>[1]): Promise<string> {
      return (await log(engine, request)).entries.map((entry) => entry.message.at(-1)).join("");
    }

    it("lists the first parents, or everything with the branch it was made on", async () => {
      expect(await letters({})).toBe("dmcba");
      expect(await letters({ firstParent: false })).toBe("dmyxcba");
      expect(await letters({ firstParent: false, ref: "side..main" })).toBe("dmcb");
      expect(await letters({ ref: "side..main" })).toBe("dmcb");
      expect(await letters({ ref: "main..side" })).toBe("");
      expect(await letters({ firstParent: false, ref: `${at.c}..main` })).toBe("dmyx");
      expect(await letters({ ref: `${at.x}..main` })).toBe("dmcb");
      expect(await letters({ firstParent: false, operation: "merge" })).toBe("m");
      const { entries } = await log(engine, { firstParent: false, limit: 4 });
      expect(entries.map((entry) => entry.branch)).toEqual(["main", "main", "side", "side"]);
    });

    it("counts first-parent steps, merged commits left out", async () => {
      const { a, b, c, x, y, m, d } = at as Record<string, Hash>;
      const steps = (from: Hash | undefined, to: Hash | undefined): Promise<number | null> =>
        chainDistance(engine, from as Hash, to as Hash);
      expect(await steps(d, d)).toBe(0);
      expect(await steps(m, d)).toBe(1);
      expect(await steps(c, d)).toBe(2);
      expect(await steps(b, d)).toBe(3);
      expect(await steps(a, d)).toBe(4);
      expect(await steps(a, y)).toBe(2);
      expect(await steps(x, d)).toBeNull();
      expect(await steps(d, a)).toBeNull();
    });

    it("shows a range along first parents, or from a merged branch in the order of compile", async () => {
      const range = await show(engine, { refs: [`${at.b}..${at.d}`] });
      expect(range.commits.map((made) => made.message.at(-1)).join("")).toBe("bcmd");
      expect(range.total).toBe(4);
      expect(range.commits[2]).toMatchObject({ content: null, contentHash: null, operation: "merge" });
      const merged = await show(engine, { refs: [`${at.x}..${at.d}`] });
      expect(merged.commits.map((made) => made.message.at(-1)).join("")).toBe("xymd");
      for (const range of [`${at.d}..${at.x}`, `${at.x}..${at.c}`])
        expect((await refusal(engine, () => show(engine, { refs: [range] }))).code).toBe("invalid-argument");
    });

    it("finds the messages around a hit, over a merge and on a merged branch", async () => {
      const near = async (query: string, ref?: string): Promise<readonly string[] | undefined> =>
        (await search(engine, { query, ref, neighbours: 2 })).hits[0]?.neighbours.map(
          ({ snippet }) => snippet,
        );
      expect(await near("d")).toEqual(["b", "c"]);
      expect(await near("c")).toEqual(["a", "b", "d"]);
      expect(await near("y")).toEqual(["a", "x"]);
      expect(await near("x", "main")).toEqual(["a"]);
    });

    it("is sound", async () => {
      expect((await verify(engine)).problems).toEqual([]);
    });
  });
}
