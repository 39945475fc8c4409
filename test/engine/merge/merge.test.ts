import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Engine } from "../../../src/engine/engine.ts";
import { createBranch } from "../../../src/engine/history/branch.ts";
import { checkout } from "../../../src/engine/history/checkout.ts";
import { commit } from "../../../src/engine/history/commit.ts";
import { operations } from "../../../src/engine/history/operations.ts";
import { createTag } from "../../../src/engine/history/tag.ts";
import { undo } from "../../../src/engine/history/undo.ts";
import { merge } from "../../../src/engine/merge/merge.ts";
import { importTranscript } from "../../../src/engine/transcripts/import-transcript.ts";
import type { Hash } from "../../../src/storage/records.ts";
import { openTestEngine } from "../../support/engine.ts";
import { allRefs, inWorktree, outrunOnce, refusal, say, wholeState } from "../../support/history.ts";
import { expectSound, headOf, reached, texts } from "../../support/merging.ts";

for (const store of ["sqlite", "memory"] as const) {
  describe(`merging on ${store}`, () => {
    let engine: Engine;
    let close: () => Promise<void>;
    let base: Hash;

    beforeEach(async () => {
      ({ engine, close } = await openTestEngine({ store }));
      base = await say(engine, "base");
      await createBranch(engine, { name: "topic" });
    });
    afterEach(async () => {
      await expectSound(engine);
      await close();
    });

    it.each([true, false])(
      "deletes no source that moved on meanwhile before it has merged that, too (fast-forward: %s)",
      async (isAhead) => {
        await say(engine, "early", { branch: "topic" });
        if (!isAhead) await say(engine, "ours");
        let isLate = false;
        const raced = new Proxy(engine.store, {
          get: (target, key) => {
            const member: unknown = Reflect.get(target, key, target);
            if (typeof member !== "function") return member;
            return async (...args: readonly unknown[]) => {
              if (key === "readCommits" && !isLate) {
                isLate = true;
                await say(engine, "late", { branch: "topic" });
              }
              return await Reflect.apply(member, target, args);
            };
          },
        });
        await merge({ ...engine, store: raced }, { source: "topic", deleteSource: true });
        expect(await texts(engine)).toContain("late");
        expect(await engine.store.readRef("test", "branch", "topic")).toBeNull();
      },
    );

    it("says up_to_date and writes nothing when the source is contained or the same", async () => {
      const before = await wholeState(engine);
      expect(await merge(engine, { source: "topic" })).toMatchObject({
        kind: "up_to_date",
        operationId: null,
      });
      expect(await merge(engine, { source: "topic", deleteSource: true })).toMatchObject({
        kind: "up_to_date",
        warnings: [expect.stringContaining("topic")],
      });
      expect(await wholeState(engine)).toEqual(before);
      await say(engine, "more");
      expect((await merge(engine, { source: "topic", noFf: true })).kind).toBe("up_to_date");
    });

    it("moves the branch forward when it is contained in the source", async () => {
      await say(engine, "one", { branch: "topic" });
      const head = await say(engine, "two", { branch: "topic" });
      const result = await merge(engine, { source: "topic" });
      expect(result).toMatchObject({
        kind: "fast_forward",
        base,
        head,
        branch: "main",
        mergeCommit: null,
        commitsBrought: { count: 2 },
      });
      expect(result.tokensAfter).toBeGreaterThan(result.tokensBefore);
      expect(await headOf(engine, "main")).toBe(head);
      expect((await operations(engine)).operations[0]?.type).toBe("merge");
    });

    it("makes a merge commit with both parents, which compile never shows", async () => {
      const theirs = await say(engine, "theirs", { branch: "topic" });
      const ours = await say(engine, "ours");
      const result = await merge(engine, { source: "topic" });
      expect(result).toMatchObject({
        kind: "clean",
        base,
        conflicts: [],
        edits: [],
        head: result.mergeCommit,
      });
      expect(result.commitsBrought).toEqual({ count: 1, commits: [theirs] });
      const [made] = await engine.store.readCommits(
        "test",
        result.mergeCommit === null ? [] : [result.mergeCommit],
      );
      expect(made).toMatchObject({
        operation: "merge",
        parents: [ours, theirs],
        contentHash: null,
        message: "Merge topic into main",
        metadata: null,
      });
      expect(await texts(engine)).toEqual(["base", "ours", "theirs"]);
      expect((await merge(engine, { source: "topic" })).kind).toBe("up_to_date");
    });

    it("makes one with no_ff where moving forward would do, with the caller's message", async () => {
      await say(engine, "theirs", { branch: "topic" });
      const result = await merge(engine, { source: "topic", noFf: true, message: "Experiment done" });
      expect(result.kind).toBe("clean");
      const [made] = await engine.store.readCommits("test", result.head === null ? [] : [result.head]);
      expect(made).toMatchObject({ operation: "merge", message: "Experiment done" });
      expect(await texts(engine)).toEqual(["base", "theirs"]);
    });

    it("merges into another branch without moving any HEAD, also when detached", async () => {
      await say(engine, "ours");
      await say(engine, "theirs", { branch: "topic" });
      await checkout(engine, { ref: base });
      const head = await allRefs(engine, ["worktree"]);
      expect((await refusal(engine, () => merge(engine, { source: "main" }))).code).toBe("detached-head");
      expect((await merge(engine, { source: "main", into: "topic" })).kind).toBe("clean");
      expect(await allRefs(engine, ["worktree"])).toEqual(head);
      expect(await texts(engine, "topic")).toEqual(["base", "theirs", "ours"]);
    });

    it("takes a tag or a commit as source", async () => {
      await say(engine, "ours");
      const one = await say(engine, "one", { branch: "topic" });
      await createTag(engine, { name: "checkpoint", ref: "topic" });
      await say(engine, "two", { branch: "topic" });
      expect((await merge(engine, { source: "checkpoint" })).commitsBrought.commits).toEqual([one]);
      const head = await headOf(engine, "topic");
      expect((await merge(engine, { source: String(head) })).kind).toBe("clean");
      expect(await texts(engine)).toEqual(["base", "ours", "one", "two"]);
    });

    it("moves an unborn branch to the source", async () => {
      const other = await openTestEngine({ store });
      await createBranch(other.engine, { name: "topic", switch: true });
      const head = await say(other.engine, "first");
      const result = await merge(other.engine, { source: "topic", into: "main", noFf: true });
      expect(result).toMatchObject({ kind: "fast_forward", base: null, head });
      expect(await headOf(other.engine, "main")).toBe(head);
      await other.close();
    });

    it("keeps all of an unrelated history", async () => {
      const alone = inWorktree(engine, "alone");
      await commit(engine, { items: [{ content: "ours" }] });
      await importTranscript(engine, {
        text: JSON.stringify([{ role: "user", content: "stranger" }]),
        format: "openai",
        branch: "orphan",
      });
      const result = await merge(alone, { source: "orphan", into: "main" });
      expect(result).toMatchObject({ kind: "clean", base: null });
      expect(await texts(engine)).toEqual(["base", "ours", "stranger"]);
    });

    it("says all of it on a dry run and writes nothing", async () => {
      await say(engine, "theirs", { branch: "topic" });
      await say(engine, "ours");
      const before = await wholeState(engine);
      const foreseen = await merge(engine, { source: "topic", dryRun: true, deleteSource: true });
      expect(await wholeState(engine)).toEqual(before);
      expect(foreseen).toMatchObject({ kind: "clean", dryRun: true, operationId: null, mergeCommit: null });
      const done = await merge(engine, { source: "topic" });
      expect(done.tokensAfter).toBe(foreseen.tokensAfter);
      expect(done.commitsBrought).toEqual(foreseen.commitsBrought);
    });

    it("deletes the source in the same operation, and undo brings both back", async () => {
      await say(engine, "ours");
      await say(engine, "theirs", { branch: "topic" });
      const before = await allRefs(engine, ["branch"]);
      const shown = await texts(engine);
      await merge(engine, { source: "topic", deleteSource: true });
      expect(Object.keys(await allRefs(engine, ["branch"]))).toEqual(["branch main"]);
      const merged = await texts(engine);
      const undone = await undo(engine, {});
      expect(await allRefs(engine, ["branch"])).toEqual(before);
      expect(await texts(engine)).toEqual(shown);
      await undo(engine, { operation: undone.operationId ?? undefined });
      expect(Object.keys(await allRefs(engine, ["branch"]))).toEqual(["branch main"]);
      expect(await texts(engine)).toEqual(merged);
    });

    it("refuses to delete a source that is checked out anywhere, or is no branch", async () => {
      await say(engine, "theirs", { branch: "topic" });
      await checkout(inWorktree(engine, "other"), { ref: "topic" });
      const deleteSource = true;
      for (const noFf of [true, false])
        expect(
          await refusal(engine, () => merge(engine, { source: "topic", deleteSource, noFf })),
        ).toMatchObject({
          code: "in-use",
          data: { worktrees: ["other"] },
        });
      const error = await refusal(engine, () => merge(engine, { source: "topic~0", deleteSource }));
      expect(["in-use", "invalid-argument"]).toContain(error.code);
      await createTag(engine, { name: "t", ref: "topic" });
      expect((await refusal(engine, () => merge(engine, { source: "t", deleteSource }))).code).toBe(
        "invalid-argument",
      );
    });

    it("plans again when the branch moves meanwhile", async () => {
      await say(engine, "ours");
      await say(engine, "theirs", { branch: "topic" });
      const race = outrunOnce(engine, () => say(inWorktree(engine, "other"), "between", { branch: "main" }));
      const result = await merge(race.engine, { source: "topic" });
      expect(race.attempts()).toBe(2);
      expect(result.kind).toBe("clean");
      expect(await texts(engine)).toEqual(["base", "ours", "between", "theirs"]);
    });

    it("refuses unknown and ambiguous sources, a branch into itself, unknown targets, and an LLM that is not there", async () => {
      await say(engine, "ours");
      await say(engine, "theirs", { branch: "topic" });
      const codes = async (request: Parameters<typeof merge>[1]): Promise<string> =>
        (await refusal(engine, () => merge(engine, request))).code;
      expect(await refusal(engine, () => merge(engine, { source: "tpoic" }))).toMatchObject({
        code: "not-found",
        data: { near: ["topic"] },
      });
      expect(await codes({ source: "main" })).toBe("invalid-argument");
      expect(await codes({ source: "HEAD" })).toBe("invalid-argument");
      expect(await codes({ source: "topic", into: "nowhere" })).toBe("not-found");
      expect(await codes({ source: "topic", strategy: "llm" })).toBe("llm-not-configured");
      expect(await codes({ source: "topic", message: "\ud800" })).toBe("invalid-argument");
      expect(
        await refusal(engine, () =>
          merge(engine, { source: "topic", resolutions: [{ target: base, pick: "ours" }] }),
        ),
      ).toMatchObject({ code: "invalid-argument", data: { targets: [] } });
    });

    it("warns over the budget and never refuses", async () => {
      await commit(engine, {
        items: [
          { content: { content_type: "config", settings: { budget: { max_tokens: 20, action: "reject" } } } },
        ],
      });
      await say(engine, "word ".repeat(100), { branch: "topic" });
      const result = await merge(engine, { source: "topic" });
      expect(result.kind).toBe("clean");
      expect(result.warnings).toHaveLength(1);
    });

    it("merges criss-cross histories, and loses no commit of either side", async () => {
      const a = await say(engine, "a");
      const x = await say(engine, "x", { branch: "topic" });
      await merge(engine, { source: x });
      await merge(engine, { source: a, into: "topic" });
      await say(engine, "b");
      await say(engine, "y", { branch: "topic" });
      const [ours, theirs] = [await headOf(engine, "main"), await headOf(engine, "topic")];
      const bases = await engine.store.readMergeBases("test", ours as Hash, theirs as Hash);
      expect(bases).toHaveLength(2);
      const result = await merge(engine, { source: "topic" });
      expect(result).toMatchObject({ kind: "clean", base: bases[0] });
      const all = await reached(engine, result.head);
      for (const side of [ours, theirs])
        for (const hash of await reached(engine, side)) expect(all).toContain(hash);
      expect([...(await texts(engine))].sort()).toEqual(["a", "b", "base", "x", "y"]);
    });
  });
}
