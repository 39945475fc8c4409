/** What expressions for a commit mean now, and what they meant at an earlier moment (spec 1.3, 2.1; spec 9, 10). */
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import {
  createBranch,
  deleteBranch,
  renameBranch,
  switchBranch,
} from "../../../src/engine/history/branch.ts";
import { checkout } from "../../../src/engine/history/checkout.ts";
import { type RevisionRequest, resolveRef } from "../../../src/engine/history/revision.ts";
import { createTag, deleteTag } from "../../../src/engine/history/tag.ts";
import { undo } from "../../../src/engine/history/undo.ts";
import type { Hash } from "../../../src/storage/records.ts";
import { openTestEngine, type TestEngine } from "../../support/engine.ts";
import { inWorktree, refusal, say } from "../../support/history.ts";

describe.each(["sqlite", "memory"] as const)("an expression on %s", (store) => {
  let test: TestEngine;
  beforeEach(async () => {
    test = await openTestEngine({ store });
  });
  afterEach(async () => {
    await test.close();
  });

  /** Sequence of the newest operation. */
  async function moment(): Promise<number> {
    return (await test.engine.store.findTract("test"))?.operationSequence ?? 0;
  }

  async function commitAt(ref: string, more: RevisionRequest = {}): Promise<Hash | null> {
    return (await resolveRef(test.engine, { ref, ...more })).commit;
  }

  async function refused(request: RevisionRequest): Promise<readonly [string, string]> {
    const { code, message, hint } = await refusal(test.engine, () => resolveRef(test.engine, request));
    expect(hint).not.toMatch(/delete|reset|remove/i);
    return [code, message];
  }

  describe("as of an operation", () => {
    it("means the branch, HEAD and what is before them as they were then", async () => {
      const { engine } = test;
      const one = await say(engine, "one");
      const two = await say(engine, "two");
      const asOf = await moment();
      await say(engine, "three");
      for (const [ref, commit] of [
        ["HEAD", two],
        ["main", two],
        ["HEAD~1", one],
        ["main~1", one],
        ["@{1}", one],
        ["@{0}", two],
        [two, two],
        [one.slice(0, 10), one],
      ] as const)
        expect([ref, await commitAt(ref, { asOf })]).toEqual([ref, commit]);
      expect(await commitAt("HEAD", { asOf, branch: "main" })).toBe(two);
    });

    it("refuses commits, tags and branches that came later, and names the unknown as unknown", async () => {
      const { engine } = test;
      await say(engine, "one");
      const asOf = await moment();
      const later = await say(engine, "two");
      await createTag(engine, { name: "tg" });
      await createBranch(engine, { name: "topic" });
      for (const ref of [later, later.slice(0, 10), "tg", "topic", "topic~1", "tg~1"]) {
        const [code, message] = await refused({ ref, asOf });
        expect([ref, code]).toEqual([ref, "not-found"]);
        expect(message).toContain("did not exist then");
      }
      expect(await refused({ branch: "topic", asOf })).toEqual([
        "not-found",
        expect.stringContaining("did not exist then"),
      ]);
      const unknown = await refusal(engine, () => resolveRef(engine, { ref: "topik", asOf }));
      expect([unknown.code, unknown.data.near]).toEqual(["not-found", ["topic"]]);
      expect((await refused({ ref: "HEAD~1", asOf }))[0]).toBe("not-found");
    });

    it("means a tag that was made anew since where it was, and one that is gone", async () => {
      const { engine } = test;
      const one = await say(engine, "one");
      await createTag(engine, { name: "tg" });
      const asOf = await moment();
      await say(engine, "two");
      await deleteTag(engine, { name: "tg" });
      expect(await commitAt("tg", { asOf })).toBe(one);
      const gone = await moment();
      await createTag(engine, { name: "tg" });
      expect((await refused({ ref: "tg", asOf: gone }))[1]).toContain("did not exist then");
      expect(await commitAt("tg", { asOf })).toBe(one);
    });

    it("means by HEAD the branch that the worktree was on, or the commit where it was detached", async () => {
      const { engine } = test;
      const one = await say(engine, "one");
      const onMain = await moment();
      await createBranch(engine, { name: "x", switch: true });
      const two = await say(engine, "two");
      const onX = await moment();
      await checkout(engine, { ref: one });
      const detached = await moment();
      await switchBranch(engine, { name: "x" });
      await say(engine, "three");
      expect(await resolveRef(engine, { asOf: onMain })).toEqual({ commit: one, branch: "main" });
      expect(await resolveRef(engine, { asOf: onX })).toEqual({ commit: two, branch: "x" });
      expect(await resolveRef(engine, { asOf: detached })).toEqual({ commit: one, branch: null });
      expect(await resolveRef(engine, { asOf: onX, branch: "main" })).toEqual({
        commit: one,
        branch: "main",
      });
    });

    it("means by HEAD the old name of a branch that was renamed since", async () => {
      const { engine } = test;
      const one = await say(engine, "one");
      const asOf = await moment();
      await renameBranch(engine, { newName: "trunk" });
      await say(engine, "two");
      expect(await resolveRef(engine, { asOf })).toEqual({ commit: one, branch: "main" });
      expect(await commitAt("main", { asOf })).toBe(one);
      expect((await refused({ ref: "trunk", asOf }))[0]).toBe("not-found");
    });

    it("still means a branch that is gone now", async () => {
      const { engine } = test;
      const one = await say(engine, "one");
      await createBranch(engine, { name: "topic" });
      const asOf = await moment();
      await deleteBranch(engine, { name: "topic" });
      expect(await commitAt("topic", { asOf })).toBe(one);
      expect(await commitAt("HEAD", { branch: "topic", asOf })).toBe(one);
    });

    it("before the first is the unborn default branch", async () => {
      const { engine } = test;
      const one = await say(engine, "one");
      for (const ref of ["HEAD", "main"])
        expect(await resolveRef(engine, { ref, asOf: 0 })).toEqual({ commit: null, branch: "main" });
      expect((await refused({ ref: one, asOf: 0 }))[0]).toBe("not-found");
    });

    it("knows ORIG_HEAD as it was, or that there was none", async () => {
      const { engine } = test;
      await say(engine, "one");
      const asOf = await moment();
      const two = await say(engine, "two");
      await undo(engine);
      const undone = await moment();
      await say(engine, "three");
      await undo(engine);
      expect(await commitAt("ORIG_HEAD", { asOf: undone })).toBe(two);
      expect((await refused({ ref: "ORIG_HEAD", asOf }))[0]).toBe("not-found");
    });
  });

  describe("@{n}", () => {
    it("follows a HEAD that was switched and detached", async () => {
      const { engine } = test;
      const one = await say(engine, "one");
      const two = await say(engine, "two");
      await createBranch(engine, { name: "x", switch: true });
      expect(await commitAt("@{1}")).toBe(two);
      expect(await commitAt("@{2}")).toBe(one);
      const three = await say(engine, "three");
      await checkout(engine, { ref: one });
      const found: (Hash | null)[] = [];
      for (let n = 0; n <= 5; n++) found.push(await commitAt(`@{${n}}`));
      expect(found).toEqual([one, three, two, two, one, null]);
      expect((await refused({ ref: "@{6}" }))[0]).toBe("not-found");
    });

    it("of a given branch is where that branch was", async () => {
      const { engine } = test;
      const one = await say(engine, "one");
      await createBranch(engine, { name: "x", switch: true });
      await say(engine, "two");
      const three = await say(engine, "three", { branch: "main" });
      expect(await commitAt("@{0}", { branch: "main" })).toBe(three);
      expect(await commitAt("@{1}", { branch: "main" })).toBe(one);
      expect((await refused({ ref: "@{3}", branch: "x" }))[1]).toContain("did not exist then");
    });

    it("is that of the call's own worktree", async () => {
      const { engine } = test;
      const one = await say(engine, "one");
      const other = inWorktree(engine, "other");
      await createBranch(other, { name: "x", switch: true });
      const two = await say(other, "two");
      await say(engine, "three");
      expect((await resolveRef(other, { ref: "@{1}" })).commit).toBe(two);
      expect((await resolveRef(other, { ref: "@{2}" })).commit).toBe(one);
      expect(await commitAt("@{1}")).toBe(one);
    });
  });
});
