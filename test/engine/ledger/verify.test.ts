/** Verifying: a sound store is sound whoever works on it meanwhile; what verify may write, and what it may not. */
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type Engine, withScope } from "../../../src/engine/engine.ts";
import { annotate } from "../../../src/engine/history/annotate.ts";
import { createBranch, renameBranch } from "../../../src/engine/history/branch.ts";
import { checkout } from "../../../src/engine/history/checkout.ts";
import { commit } from "../../../src/engine/history/commit.ts";
import { createTag } from "../../../src/engine/history/tag.ts";
import { undo } from "../../../src/engine/history/undo.ts";
import { verify } from "../../../src/engine/ledger/verify.ts";
import { search } from "../../../src/engine/search/search.ts";
import { openTestEngine, type TestEngine, type TestEngineOptions } from "../../support/engine.ts";
import { inWorktree, refusal, say, wholeState } from "../../support/history.ts";

for (const store of ["sqlite", "memory"] as const) {
  describe(`verify on ${store}`, () => {
    let engine: Engine;
    let test: TestEngine;
    async function open(options: TestEngineOptions = {}): Promise<void> {
      test = await openTestEngine({ store, ...options });
      engine = test.engine;
    }
    beforeEach(() => open());
    afterEach(() => test.close());

    /** One of everything that operations write. */
    async function work(): Promise<void> {
      await say(engine, "Be helpful", { role: "system" });
      await commit(engine, {
        items: [
          { content: "one", labels: ["l"], metadata: { k: 1 }, generationConfig: { model: "m" } },
          { content: "two" },
        ],
      });
      await say(engine, "uno", { editTarget: "HEAD~1", priority: "important" });
      await annotate(engine, { refs: ["HEAD~1"], priority: "pinned", addLabels: ["x"] });
      await createBranch(engine, { name: "side", from: "HEAD~1", switch: true });
      await say(engine, "on the side");
      await renameBranch(engine, { name: "side", newName: "other" });
      await createTag(engine, { name: "v1", ref: "HEAD", note: "first" });
      await checkout(engine, { ref: "v1" });
      await checkout(engine, { ref: "-" });
      await undo(engine, {});
      await undo(engine, {});
      await undo(engine, {});
      await say(inWorktree(engine, "second"), "from elsewhere");
      await checkout(inWorktree(engine, "second"), { ref: "HEAD~1" });
    }

    it("finds a fresh store sound and leaves it so", async () => {
      const before = await wholeState(engine);
      const result = await verify(engine);
      expect(result).toMatchObject({ ok: true, problems: [], problemsOmitted: 0, repaired: [] });
      expect(result.checked).toEqual({ contents: 0, commits: 0, operations: 0, ledger: 0 });
      expect(await wholeState(engine)).toEqual(before);
    });

    it("finds sound what every operation leaves, in pages of any size, and writes nothing", async () => {
      await work();
      const before = await wholeState(engine);
      for (const verifyPage of [1, 3, 1000]) {
        const { ok, problems, checked } = await verify({
          ...engine,
          limits: { ...engine.limits, verifyPage },
        });
        expect(problems).toEqual([]);
        expect(ok).toBe(true);
        expect(checked).toEqual({ contents: 6, commits: 6, operations: 15, ledger: 16 });
      }
      expect(await wholeState(engine)).toEqual(before);
    });

    it("finds sound the undo, made elsewhere, of an annotation that a detached worktree made", async () => {
      const first = await say(engine, "one");
      await createBranch(engine, { name: "side", switch: true });
      await say(engine, "two");
      await checkout(engine, { ref: first });
      const { operationId } = await annotate(engine, { refs: ["side"], priority: "pinned" });
      await checkout(engine, { ref: "main" });
      const again = await undo(engine, { operation: operationId ?? "" });
      await undo(engine, { operation: again.operationId ?? "" });
      expect((await verify(engine)).problems).toEqual([]);
    });

    it("finds a worktree sound that undo took away and a later write made again", async () => {
      await createBranch(engine, { name: "side", switch: true });
      await undo(engine, {});
      await say(engine, "on the default branch");
      expect((await verify(engine)).problems).toEqual([]);
      await createBranch(engine, { name: "other", switch: true });
      expect((await verify(engine)).problems).toEqual([]);
    });

    it("looks only at what is newer than a time, contents included", async () => {
      await work();
      test.advance(60_000);
      const since = new Date(engine.clock()).toISOString();
      await say(engine, "newer");
      await checkout(engine, { ref: "main" });
      const { ok, problems, checked } = await verify(engine, { since });
      expect(problems).toEqual([]);
      expect(ok).toBe(true);
      expect(checked).toEqual({ contents: 1, commits: 1, operations: 2, ledger: 2 });
      expect((await verify(engine, { since: "2040-01-01" })).checked).toEqual({
        contents: 0,
        commits: 0,
        operations: 0,
        ledger: 0,
      });
      expect((await refusal(engine, () => verify(engine, { since: "soon" }))).code).toBe("invalid-argument");
    });

    it("stays with what was there when it began, while others go on writing", async () => {
      await work();
      let writes = 0;
      const busy: Promise<unknown>[] = [];
      const progress = (): void => {
        if (++writes <= 8) busy.push(say(engine, `meanwhile ${writes}`, { branch: "main" }));
      };
      const { limits } = engine;
      const { ok, problems } = await verify(
        { ...engine, limits: { ...limits, verifyPage: 2 } },
        { progress },
      );
      await Promise.all(busy);
      expect(writes).toBeGreaterThan(8);
      expect(problems).toEqual([]);
      expect(ok).toBe(true);
    });

    it("tells its progress and can be stopped between pages", async () => {
      await work();
      const small = { ...engine, limits: { ...engine.limits, verifyPage: 2 } };
      const told: number[] = [];
      const { checked } = await verify(small, { progress: (done) => told.push(done) });
      expect(told).toEqual(told.toSorted((a, b) => a - b));
      expect(told.at(-1)).toBe(Object.values(checked).reduce((sum, count) => sum + count, 0));
      const controller = new AbortController();
      const stopping = verify(small, { signal: controller.signal, progress: () => controller.abort() });
      await expect(stopping).rejects.toMatchObject({ code: "cancelled" });
    });

    it("repairs what is derived and notes so in the ledger", async () => {
      await work();
      await search(engine, { query: "side" });
      const before = await engine.store.countLedger("test", {});
      const { ok, repaired } = await verify(engine, { repair: true });
      expect([ok, repaired]).toEqual([true, ["search index"]]);
      const [entry, ...others] = await engine.store.readLedger("test", {
        order: "desc",
        afterSequence: before + 2,
        limit: 1,
      });
      expect(others).toEqual([]);
      expect(entry).toMatchObject({ eventType: "VERIFIED", decision: "OK", submissionId: "test" });
      expect(entry?.metadata).toMatchObject({ commits: 6, repaired: ["search index"] });
      expect((await search(engine, { query: "side" })).hits).toHaveLength(1);
      expect((await verify(engine)).ok).toBe(true);
    });

    it("refuses to repair what cannot be written", async () => {
      await work();
      const readonly = new Proxy(engine.store, {
        get: (target, key) => {
          const member: unknown = Reflect.get(target, key, target);
          return key === "isReadonly" ? true : typeof member === "function" ? member.bind(target) : member;
        },
      });
      const locked = { ...engine, store: readonly };
      expect((await refusal(engine, () => verify(locked, { repair: true }))).code).toBe("store-readonly");
      expect((await verify(locked)).ok).toBe(true);
    });

    it("verifies one tract at a time", async () => {
      await work();
      const other = withScope(engine, { tract: "other" });
      await say(other, "another tract");
      expect((await verify(other)).checked).toMatchObject({
        contents: 7,
        commits: 1,
        operations: 1,
        ledger: 2,
      });
      expect((await verify(engine)).ok).toBe(true);
    });
  });
}
