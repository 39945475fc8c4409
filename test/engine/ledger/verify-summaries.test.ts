/** Verifying internal commits: what they name must be there, and be what it has to be. */
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createBranch } from "../../../src/engine/history/branch.ts";
import { revealItem, summaryItem } from "../../../src/engine/history/internal-items.ts";
import { type CommitItem, PLAIN_ITEM } from "../../../src/engine/history/plan-commit.ts";
import { verify } from "../../../src/engine/ledger/verify.ts";
import type { Hash } from "../../../src/storage/records.ts";
import { openTestEngine, type TestEngine } from "../../support/engine.ts";
import { say } from "../../support/history.ts";
import { mergeOf, publishItems } from "../../support/publish-items.ts";

for (const store of ["sqlite", "memory"] as const)
  describe(`verify on ${store}`, () => {
    let test: TestEngine;
    let source: Hash;
    beforeEach(async () => {
      test = await openTestEngine({ store });
      source = await say(test.engine, "one");
      await say(test.engine, "two");
    });
    afterEach(() => test.close());

    const summary = (sources: readonly Hash[]): CommitItem =>
      summaryItem(test.engine, { sources, strategy: "summarize", text: "in short" });
    async function problemsAfter(...items: readonly CommitItem[]): Promise<unknown> {
      await publishItems(test.engine, items);
      const { problems } = await verify(test.engine);
      return problems.map(({ kind, what, field, hash }) => [`${kind} ${what} ${field}`, hash]);
    }

    it("finds sound what compress and merge write", async () => {
      const { engine } = test;
      await createBranch(engine, { name: "side", from: "HEAD~1" });
      await say(engine, "aside", { branch: "side" });
      const merge = await mergeOf(engine, "side");
      const made = await publishItems(engine, [
        summary([source]),
        (planned) => revealItem(planned[0]!.hash),
        merge,
        (planned) => summary([planned[0]!.hash, source]),
      ]);
      await say(engine, "in other words", { editTarget: made[3]! });
      expect(await verify(engine)).toMatchObject({ ok: true, problems: [], checked: { commits: 8 } });
    });

    it("names the sources of a summary that are not there", async () => {
      const gone = "ab".repeat(32) as Hash;
      expect(await problemsAfter(summary([source, gone]))).toEqual([["commit missing sources", gone]]);
    });

    it("names a reveal of what is no summary", async () => {
      const [reveal] = await publishItems(test.engine, [revealItem(source)]);
      expect(await problemsAfter(summary([source]))).toEqual([["commit changed edit_target", reveal]]);
    });

    it.each(["append", "summary"] as const)("names a target that no %s has", async (operation) => {
      const item = { ...summary([source]), operation, editTarget: source } as CommitItem;
      const [hash] = await publishItems(test.engine, [item]);
      expect(await problemsAfter(summary([source]))).toEqual([["commit changed edit_target", hash]]);
    });

    it("names a missing target, and a content where there can be none", async () => {
      const untargeted = { ...revealItem(source), editTarget: null };
      const merged = { ...summary([source]), operation: "merge", mergedTips: [] } as unknown as CommitItem;
      const bare = { ...PLAIN_ITEM, ...revealItem(source), operation: "append", editTarget: null };
      const items = [untargeted, merged, bare as unknown as CommitItem];
      const [first, second, third] = await publishItems(test.engine, items);
      expect(await problemsAfter(summary([source]))).toEqual([
        ["commit changed edit_target", first],
        ["commit changed content", second],
        ["commit changed content", third],
      ]);
    });
  });
