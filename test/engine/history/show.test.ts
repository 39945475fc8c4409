/** Showing commits: whole, in pieces, in ranges, with everything that is known of them. */
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Engine } from "../../../src/engine/engine.ts";
import { annotate } from "../../../src/engine/history/annotate.ts";
import { createBranch, switchBranch } from "../../../src/engine/history/branch.ts";
import { commit } from "../../../src/engine/history/commit.ts";
import { log } from "../../../src/engine/history/log.ts";
import { type ShowRequest, show } from "../../../src/engine/history/show.ts";
import type { Hash } from "../../../src/storage/records.ts";
import { openTestEngine } from "../../support/engine.ts";
import { refusal, say } from "../../support/history.ts";
import { mergeIn } from "../../support/merge-in.ts";
import { reveal, summarise } from "../../support/summaries.ts";

let engine: Engine;
let close: () => Promise<void>;
beforeEach(async () => {
  ({ engine, close } = await openTestEngine());
});
afterEach(() => close());

async function sayAll(...texts: readonly string[]): Promise<readonly Hash[]> {
  const { commits } = await commit(engine, { items: texts.map((content) => ({ content })) });
  return commits.map((made) => made.hash);
}

async function shownMessages(request: ShowRequest): Promise<readonly string[]> {
  return (await show(engine, request)).commits.map((made) => made.message.replace("dialogue: ", ""));
}

describe("show", () => {
  it("reads a range that goes over merged branches in the order of compile", async () => {
    const [one = "", two = ""] = await sayAll("one", "two");
    await createBranch(engine, { name: "side", from: one, switch: true });
    const three = await say(engine, "three");
    const four = await say(engine, "four");
    await switchBranch(engine, { name: "main" });
    await mergeIn(engine, "side");
    await say(engine, "five");
    expect(await shownMessages({ refs: [`${two}..${four}`] })).toEqual(["two", "three", "four"]);
    const page = await show(engine, { refs: [`${two}..${four}`], offset: 1, limit: 1 });
    expect(page.commits.map(({ hash }) => hash)).toEqual([three]);
    const reversed = await refusal(engine, () => show(engine, { refs: [`${four}..${two}`] }));
    expect(reversed.code).toBe("invalid-argument");
  });

  it("reads a commit of the largest batch as it reads any other", async () => {
    const hashes = await sayAll(
      ...Array.from({ length: engine.limits.batchItemsMax }, (_, i) => `line ${i}`),
    );
    const [shown] = (await show(engine, { refs: [String(hashes.at(-1))] })).commits;
    expect(shown).toMatchObject({ hash: hashes.at(-1), ledgerId: expect.stringMatching(/^LED-/) });
  });

  it("tells everything of a commit", async () => {
    const result = await commit(engine, {
      items: [
        {
          content: "Hello",
          name: "Ada",
          labels: ["a"],
          metadata: { k: 1 },
          generationConfig: { model: "m" },
        },
      ],
    });
    const hash = result.commits[0]?.hash as Hash;
    await annotate(engine, { refs: [hash], priority: "pinned", reason: "needed" });
    await annotate(engine, { refs: [hash], addLabels: ["b"] });
    const edit = await say(engine, "Hello again", { editTarget: hash });
    const { commits, total, nextOffset } = await show(engine, { refs: [hash.slice(0, 8)] });
    expect([total, nextOffset]).toEqual([1, null]);
    const [shown] = commits;
    expect(shown).toMatchObject({
      hash,
      content: { content_type: "dialogue", role: "user", text: "Hello", name: "Ada", message_id: null },
      part: null,
      metadata: { k: 1 },
      generationConfig: { model: "m" },
      priority: "pinned",
      labels: ["a", "b"],
      madeBy: { id: result.operationId, type: "commit" },
    });
    expect(shown?.contentHash).toMatch(/^[0-9a-f]{64}$/);
    expect(shown?.annotations.map(({ priority, reason, labels }) => [priority, reason, labels])).toEqual([
      ["pinned", "needed", []],
      ["pinned", null, ["b"]],
    ]);
    expect(shown?.edits.map((made) => made.hash)).toEqual([edit]);
    const [entry] = await engine.store.readLedger("test", {
      submissionId: result.operationId,
      order: "asc",
      limit: 1,
    });
    expect(shown?.ledgerId).toBe(entry?.id);
  });

  it("lists only the edits that HEAD has", async () => {
    const [hash] = await sayAll("one");
    await createBranch(engine, { name: "side" });
    const edit = await say(engine, "uno", { editTarget: hash, branch: "side" });
    const edits = async (branch?: string): Promise<readonly Hash[] | undefined> =>
      (await show(engine, { refs: [hash ?? ""], branch })).commits[0]?.edits.map((made) => made.hash);
    expect(await edits()).toEqual([]);
    expect(await edits("side")).toEqual([edit]);
  });

  it("shows several commits in the order asked, in pages of commits", async () => {
    await sayAll("a", "b", "c");
    expect(await shownMessages({ refs: ["HEAD", "HEAD~2", "HEAD"] })).toEqual(["c", "a", "c"]);
    const page = await show(engine, { refs: ["HEAD", "HEAD~1", "HEAD~2"], offset: 1, limit: 1 });
    expect([page.commits.map((made) => made.message), page.total, page.nextOffset]).toEqual([
      ["dialogue: b"],
      3,
      2,
    ]);
    expect((await show(engine, { refs: ["HEAD", "HEAD~1"], offset: 5 })).commits).toEqual([]);
  });

  it("shows a range as stubs name it: both ends, oldest first, in pages", async () => {
    const hashes = await sayAll(...Array.from({ length: 30 }, (_, i) => `m${i}`));
    const range = `${hashes[3]?.slice(0, 12)}..${hashes[26]?.slice(0, 12)}`;
    const expected = Array.from({ length: 24 }, (_, i) => `m${i + 3}`);
    const first = await show(engine, { refs: [range] });
    expect([first.total, first.nextOffset]).toEqual([24, 20]);
    expect(await shownMessages({ refs: [range] })).toEqual(expected.slice(0, 20));
    expect(await shownMessages({ refs: [range], offset: 20 })).toEqual(expected.slice(20));
    expect(await shownMessages({ refs: [range], offset: 7, limit: 3 })).toEqual(expected.slice(7, 10));
    expect(await shownMessages({ refs: [range], offset: 24 })).toEqual([]);
    expect(await shownMessages({ refs: ["HEAD..HEAD"] })).toEqual(["m29"]);
    expect(await shownMessages({ refs: ["HEAD~1.."] })).toEqual(["m28", "m29"]);
  });

  it("gives a long text in pieces that make up the whole and split no character", async () => {
    const text = `${"aß🙂".repeat(50)}end`;
    await sayAll(text);
    for (const limit of [1, 7, 1000]) {
      let whole = "";
      let offset: number | null = 0;
      while (offset !== null) {
        const result = await show(engine, { refs: ["HEAD"], offset, limit });
        const part = result.commits[0]?.part;
        expect(result.commits[0]?.content).toBeNull();
        expect(part?.totalChars).toBe(text.length);
        expect(part?.text.isWellFormed()).toBe(true);
        whole += part?.text;
        offset = result.nextOffset;
      }
      expect(whole).toBe(text);
    }
    const beyond = await show(engine, { refs: ["HEAD"], offset: 1_000_000 });
    expect([beyond.commits[0]?.part?.text, beyond.nextOffset]).toEqual(["", null]);
  });

  it("refuses no refs, bad pages, ranges among commits and ends that are not on one branch", async () => {
    const [a, b] = await sayAll("a", "b");
    await createBranch(engine, { name: "side", from: "HEAD~1" });
    await say(engine, "x", { branch: "side" });
    const codes = async (request: ShowRequest): Promise<unknown> =>
      (await refusal(engine, () => show(engine, request))).code;
    expect(await codes({ refs: [] })).toBe("invalid-argument");
    expect(await codes({ refs: ["HEAD"], offset: -1 })).toBe("invalid-argument");
    expect(await codes({ refs: ["HEAD"], limit: 0 })).toBe("invalid-argument");
    expect(await codes({ refs: ["HEAD", "HEAD~1"], limit: 201 })).toBe("invalid-argument");
    expect(await codes({ refs: ["HEAD", "HEAD~1..HEAD"] })).toBe("invalid-argument");
    expect(await codes({ refs: ["main..side"] })).toBe("invalid-argument");
    expect(await codes({ refs: ["nothing"] })).toBe("not-found");
    const reversed = await refusal(engine, () => show(engine, { refs: [`${b}..${a}`] }));
    expect(reversed.hint).toContain("Swap");
    expect(reversed.data).toEqual({ from: b, to: a });
  });

  it("says that an unborn branch has nothing to show", async () => {
    expect((await refusal(engine, () => show(engine, { refs: ["HEAD"] }))).code).toBe("not-found");
  });
});

describe("show of commits that operations make", () => {
  const shown = async (ref: string) => (await show(engine, { refs: [ref] })).commits[0];

  it("tells of a merge both parents and the recorded conflicts", async () => {
    await say(engine, "base");
    await createBranch(engine, { name: "topic" });
    const ours = await say(engine, "ours");
    const theirs = await say(engine, "theirs", { branch: "topic" });
    const conflicts = [{ kind: "both_edit", target: ours }];
    const merge = await mergeIn(engine, "topic", { conflicts });
    expect(await shown(merge)).toMatchObject({
      operation: "merge",
      content: null,
      part: null,
      parents: [ours, theirs],
      metadata: { conflicts },
      coveredBy: null,
      edits: [],
    });
    // A part of what has no text is the commit itself.
    expect((await show(engine, { refs: [merge], offset: 3, limit: 5 })).commits).toMatchObject([
      { part: null },
    ]);
  });

  it("tells of a summary its sources, and of an original which summary covers it", async () => {
    const [one, two, three] = (await sayAll("one", "two", "three")) as [Hash, Hash, Hash];
    const edit = await say(engine, "two, edited", { editTarget: two });
    const summary = await summarise(engine, [one, two], "both");
    expect(await shown(summary)).toMatchObject({
      operation: "summary",
      content: { content_type: "summary", sources: [one, two], text: "both" },
      coveredBy: null,
    });
    expect(await shown(two)).toMatchObject({ coveredBy: summary, content: { text: "two" } });
    expect(await shown(edit)).toMatchObject({ coveredBy: summary });
    expect(await shown(three)).toMatchObject({ coveredBy: null });
    await annotate(engine, { refs: [one], priority: "pinned" });
    expect(await shown(one)).toMatchObject({ coveredBy: null });
    const end = await reveal(engine, summary);
    expect(await shown(two)).toMatchObject({ coveredBy: null });
    expect(await shown(end)).toMatchObject({
      operation: "reveal",
      content: null,
      editTarget: summary,
      priority: "normal",
    });
    expect(await shown(summary)).toMatchObject({ edits: [] });
  });

  it("filters log by them", async () => {
    const one = await say(engine, "one");
    const summary = await summarise(engine, [one], "it");
    await annotate(engine, { refs: [summary], priority: "pinned" });
    const end = await reveal(engine, summary);
    const listed = async (operation: "summary" | "reveal") =>
      (await log(engine, { operation })).entries.map(({ hash, priority }) => [hash, priority]);
    expect(await listed("summary")).toEqual([[summary, "pinned"]]);
    expect(await listed("reveal")).toEqual([[end, "normal"]]);
  });
});
