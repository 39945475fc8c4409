/** Reading the ledger: filters, pages, and metadata as short as asked for. */
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type Engine, withScope } from "../../../src/engine/engine.ts";
import { createBranch } from "../../../src/engine/history/branch.ts";
import { commit } from "../../../src/engine/history/commit.ts";
import { createTag } from "../../../src/engine/history/tag.ts";
import { ledgerEntry } from "../../../src/engine/ledger/entry.ts";
import { type QueryLedgerRequest, queryLedger } from "../../../src/engine/ledger/query-ledger.ts";
import { emptyChange } from "../../../src/storage/change-set.ts";
import type { JsonObject } from "../../../src/storage/records.ts";
import { openTestEngine } from "../../support/engine.ts";
import { refusal, say } from "../../support/history.ts";

for (const store of ["sqlite", "memory"] as const) {
  describe(`queryLedger on ${store}`, () => {
    let engine: Engine;
    let close: () => Promise<void>;
    beforeEach(async () => {
      ({ engine, close } = await openTestEngine({ store }));
    });
    afterEach(() => close());

    async function sequences(request: QueryLedgerRequest): Promise<readonly number[]> {
      return (await queryLedger(engine, request)).entries.map((entry) => entry.seq);
    }

    /** Notes an event that is no operation, with any reason and metadata. */
    async function note(reason: string, metadata: JsonObject = {}): Promise<void> {
      const event = {
        eventType: "BUDGET",
        submissionId: "main",
        decision: "WARNED",
        reason,
        metadata,
      } as const;
      const entry = ledgerEntry(engine, new Date(engine.clock()).toISOString(), event);
      await engine.store.publish({ ...emptyChange("test"), ledger: [entry] });
    }

    it("is empty on a fresh store", async () => {
      expect(await queryLedger(engine)).toEqual({ entries: [], count: 0, nextCursor: null });
    });

    it("tells what happened, newest first, with a count of all", async () => {
      const { operationId, head } = await commit(engine, { items: [{ content: "Hello" }] });
      const { entries, count, nextCursor } = await queryLedger(engine);
      expect([count, nextCursor]).toEqual([2, null]);
      expect(entries.map(({ seq, eventType, decision }) => [seq, eventType, decision])).toEqual([
        [2, "OPERATION", "commit"],
        [1, "GENESIS", "CREATED"],
      ]);
      expect(entries[0]).toMatchObject({
        submissionId: operationId,
        reason: "Committed 1 commit (dialogue) to main",
        promptsUsed: [],
        metadataKeys: ["after", "before", "branch", "provenance", "record", "tokens"],
        metadata: {
          after: head,
          before: null,
          branch: "main",
          provenance: { agent_id: "test", worktree: "default" },
        },
      });
      expect(entries[0]?.id).toMatch(/^LED-/);
      expect((await queryLedger(engine, { order: "asc" })).entries.map((entry) => entry.seq)).toEqual([1, 2]);
    });

    it("filters by each thing and by several at once", async () => {
      const one = await say(engine, "one");
      const byTool = withScope(engine, { tool: { name: "commit", arguments: 'content: "tool":"log"' } });
      await say(byTool, "two");
      const session = { ...engine.scope.provenance, session_id: "SES-1" };
      await createTag(withScope(engine, { provenance: session }), { name: "v1", ref: one });
      await note("Over the Budget", { size: 7 });
      const { submissionId = "" } = (await queryLedger(engine, { eventType: "OPERATION" })).entries[0] ?? {};
      expect(await sequences({ eventType: "OPERATION" })).toEqual([4, 3, 2]);
      expect(await sequences({ eventType: ["GENESIS", "BUDGET"] })).toEqual([5, 1]);
      expect(await sequences({ submissionId })).toEqual([4]);
      expect(await sequences({ decision: "tag" })).toEqual([4]);
      expect(await sequences({ session: "SES-1" })).toEqual([4]);
      expect(await sequences({ tool: "commit" })).toEqual([3]);
      expect(await sequences({ tool: "log" })).toEqual([]);
      expect(await sequences({ commit: one.slice(0, 10) })).toEqual([4, 2]);
      expect(await sequences({ text: "over the budget" })).toEqual([5]);
      expect(await sequences({ text: '"SIZE":7' })).toEqual([5]);
      expect(await sequences({ commit: one, decision: "commit" })).toEqual([2]);
      expect(await sequences({ eventType: "GENESIS", tool: "commit" })).toEqual([]);
      const all = (await queryLedger(engine, { order: "asc" })).entries;
      const at = all[2]?.timestamp ?? "";
      expect(await sequences({ since: at })).toEqual([5, 4, 3]);
      expect(await sequences({ until: at, order: "asc" })).toEqual([1, 2, 3]);
      expect(await sequences({ since: at, until: at })).toEqual([3]);
    });

    it("filters by branch, which is also where HEAD is looked for", async () => {
      const one = await say(engine, "one");
      await createBranch(engine, { name: "idea" });
      const two = await say(engine, "two", { branch: "idea" });
      await say(engine, "on main again");
      await note('names "branch":"idea" in words', { branch: "main" });
      expect(await sequences({ branch: "idea" })).toEqual([4, 3]);
      expect(await sequences({ branch: "main" })).toEqual([6, 5, 2]);
      expect(await sequences({ branch: "idea", commit: "HEAD" })).toEqual([4]);
      expect(await sequences({ branch: "idea", commit: two, decision: "branch" })).toEqual([]);
      expect((await queryLedger(engine, { branch: "idea", limit: 1 })).count).toBe(2);
      const wrong = await refusal(engine, () => queryLedger(engine, { branch: "ideas" }));
      expect(wrong).toMatchObject({ code: "not-found", data: { near: ["idea"] } });
      expect(one).not.toBe(two);
    });

    it("pages in both directions without repeats, and counts the same on each page", async () => {
      for (let i = 0; i < 11; i++) await say(engine, `m${i}`);
      for (const order of ["asc", "desc"] as const) {
        const seen: number[] = [];
        let cursor: string | undefined;
        do {
          const page = await queryLedger(engine, { limit: 5, order, eventType: "OPERATION", cursor });
          seen.push(...page.entries.map((entry) => entry.seq));
          expect(page.count).toBe(11);
          cursor = page.nextCursor ?? undefined;
        } while (cursor !== undefined);
        const expected = Array.from({ length: 11 }, (_, i) => i + 2);
        expect(seen).toEqual(order === "asc" ? expected : expected.toReversed());
      }
    });

    it("takes a cursor only for the query that gave it, in any metadata mode", async () => {
      for (let i = 0; i < 3; i++) await say(engine, `m${i}`);
      const cursor = (await queryLedger(engine, { limit: 1 })).nextCursor ?? "";
      expect((await queryLedger(engine, { limit: 3, metadata: "keys", cursor })).entries).toHaveLength(3);
      for (const request of [{ order: "asc" }, { decision: "commit" }] as const)
        expect((await refusal(engine, () => queryLedger(engine, { ...request, cursor }))).data.path).toBe(
          "cursor",
        );
    });

    it("cuts reasons and values to the configured lengths, saying how long the whole is", async () => {
      await say(engine, "a");
      const reason = `A ${"very ".repeat(100)}long reason`;
      await note(reason, {
        short: "s",
        long: "x".repeat(1000),
        list: Array.from({ length: 300 }, (_, i) => i),
        n: 1,
      });
      const [excerpt] = (await queryLedger(engine)).entries;
      const [full] = (await queryLedger(engine, { metadata: "full" })).entries;
      const [keys] = (await queryLedger(engine, { metadata: "keys" })).entries;
      expect(excerpt?.reason).toHaveLength(200);
      expect(excerpt?.reason).toContain(`(chars: ${reason.length})`);
      expect(excerpt?.metadata).toMatchObject({ short: "s", n: 1 });
      expect(String(excerpt?.metadata?.long)).toHaveLength(240);
      expect(String(excerpt?.metadata?.long)).toContain("(chars: 1000)");
      expect(String(excerpt?.metadata?.list)).toContain("(items: 300, ");
      expect(full).toMatchObject({ reason, metadata: { short: "s", long: "x".repeat(1000), n: 1 } });
      expect(keys?.metadataKeys).toEqual(["list", "long", "n", "provenance", "short"]);
      expect(keys).not.toHaveProperty("metadata");
    });

    it("takes the lengths that the branch sets", async () => {
      const settings = { ledger: { reason_chars: 20, excerpt_chars: 30 } };
      await commit(engine, { items: [{ content: { content_type: "config", settings } }] });
      await note("A reason that is longer than that", { long: "x".repeat(100) });
      const [entry] = (await queryLedger(engine)).entries;
      expect(entry?.reason).toHaveLength(20);
      expect(String(entry?.metadata?.long)).toHaveLength(30);
    });

    it("refuses an unknown kind of event, a bad time or page, and an unknown commit", async () => {
      await say(engine, "a");
      const error = await refusal(engine, () => queryLedger(engine, { eventType: "OPERATIONS" }));
      expect([error.code, error.data.near]).toEqual(["invalid-argument", ["OPERATION"]]);
      const code = async (request: QueryLedgerRequest): Promise<string> =>
        (await refusal(engine, () => queryLedger(engine, request))).code;
      expect(await code({ eventType: "__proto__" })).toBe("invalid-argument");
      expect(await code({ since: "soon" })).toBe("invalid-argument");
      expect(await code({ limit: 1000 })).toBe("invalid-argument");
      expect(await code({ commit: "mian" })).toBe("not-found");
    });
  });
}
