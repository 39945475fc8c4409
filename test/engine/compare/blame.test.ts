import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { blame } from "../../../src/engine/compare/blame.ts";
import { type Engine, withScope } from "../../../src/engine/engine.ts";
import { annotate } from "../../../src/engine/history/annotate.ts";
import { createBranch } from "../../../src/engine/history/branch.ts";
import { commit } from "../../../src/engine/history/commit.ts";
import { createTag } from "../../../src/engine/history/tag.ts";
import { queryLedger } from "../../../src/engine/ledger/query-ledger.ts";
import { openTestEngine, type TestEngine } from "../../support/engine.ts";
import { refusal, say } from "../../support/history.ts";
import { mergeIn } from "../../support/merge-in.ts";
import { reveal, summarise } from "../../support/summaries.ts";

let test: TestEngine;
let engine: Engine;
beforeEach(async () => {
  test = await openTestEngine();
  engine = test.engine;
});
afterEach(async () => {
  await test.close();
});

describe("blame of a text", () => {
  it("names commit, operation, author, config, ledger entry and branch", async () => {
    await say(engine, "Which port?");
    const bot = withScope(engine, { author: { kind: "agent", name: "bot", session_id: "SES-9" } });
    const answer = await commit(bot, {
      items: [
        {
          content: "The port is 8443, as configured.",
          role: "assistant",
          generationConfig: { model: "m-1", temperature: 0 },
        },
      ],
    });
    const { entries } = await queryLedger(engine, { submissionId: answer.operationId ?? "" });
    expect(await blame(engine, { text: "port is 8443" })).toEqual({
      total: 1,
      match: "exact",
      origins: [
        {
          commit: answer.head,
          commitOperation: "append",
          editTarget: null,
          contentType: "dialogue",
          role: "assistant",
          message: "dialogue: The port is 8443, as configured.",
          operation: { id: answer.operationId, type: "commit" },
          author: { kind: "agent", name: "bot", session_id: "SES-9" },
          generationConfig: { model: "m-1", temperature: 0 },
          ledgerId: entries[0]?.id,
          branch: "main",
          createdAt: expect.stringMatching(/Z$/),
          sources: [],
          sourceCount: 0,
          shown: true,
          messageIndex: 1,
          reason: null,
          shownInstead: null,
        },
      ],
    });
  });

  it("finds it with other white space, and says so", async () => {
    const head = await say(engine, "first line\n  second\tline");
    expect(await blame(engine, { text: " line second  line\n" })).toMatchObject({
      match: "folded",
      origins: [{ commit: head, shown: true }],
    });
  });

  it("lists several origins, the newest first, and counts the rest", async () => {
    const made = [];
    for (let i = 0; i < 12; i++) made.push(await say(engine, `the same, time ${i}`));
    const { origins, total } = await blame(engine, { text: "the same" });
    expect(total).toBe(12);
    expect(origins.map((origin) => origin.commit)).toEqual(
      made.toReversed().slice(0, engine.limits.blameOriginsMax),
    );
  });

  it("of an edit names the edit, and of what it replaced that it does not show", async () => {
    const one = await say(engine, "the old words");
    const edit = await say(engine, "the new words", { editTarget: one });
    expect((await blame(engine, { text: "new words" })).origins).toMatchObject([
      { commit: edit, commitOperation: "edit", editTarget: one, shown: true, messageIndex: 0 },
    ]);
    expect((await blame(engine, { text: "old words" })).origins).toMatchObject([
      {
        commit: one,
        shown: false,
        messageIndex: null,
        reason: expect.stringMatching(/edit/),
        shownInstead: edit,
      },
    ]);
    const later = await say(engine, "the newest words", { editTarget: one });
    expect((await blame(engine, { text: "new words" })).origins).toMatchObject([
      { commit: edit, shown: false, shownInstead: later },
    ]);
  });

  it("prefers what shows to what is hidden", async () => {
    const hidden = await say(engine, "the words");
    const shown = await say(engine, "the words again");
    await annotate(engine, { refs: [hidden], priority: "skip" });
    expect((await blame(engine, { text: "the words" })).origins.map((origin) => origin.commit)).toEqual([
      shown,
    ]);
  });

  it("says why what is hidden does not show", async () => {
    const skipped = await say(engine, "skipped words");
    await annotate(engine, { refs: [skipped], priority: "skip" });
    const rule = { content_type: "instruction", name: "style" };
    await commit(engine, {
      items: [
        { content: { ...rule, text: "outdated words" } },
        { content: { ...rule, text: "valid words" } },
        { content: { content_type: "reasoning", text: "private words" } },
        { content: { content_type: "metadata", kind: "note", data: { about: "noted words" } } },
      ],
    });
    const reasons = async (text: string): Promise<unknown> => (await blame(engine, { text })).origins;
    expect(await reasons("skipped words")).toMatchObject([
      { shown: false, reason: expect.stringMatching(/skip/) },
    ]);
    expect(await reasons("outdated words")).toMatchObject([
      { shown: false, reason: expect.stringMatching(/name/) },
    ]);
    expect(await reasons("private words")).toMatchObject([
      { shown: false, reason: expect.stringMatching(/type/) },
    ]);
    expect(await reasons("noted words")).toMatchObject([
      { shown: false, contentType: "metadata", reason: expect.stringMatching(/not compiled/) },
    ]);
  });

  it("of a summary names what it stands for, and of an original the summary that covers it", async () => {
    const one = await say(engine, "the first detail");
    const two = await say(engine, "the second detail");
    const summary = await summarise(engine, [one, two], "Two things were said.");
    expect((await blame(engine, { text: "Two things" })).origins).toMatchObject([
      {
        commit: summary,
        commitOperation: "summary",
        shown: true,
        messageIndex: 0,
        sources: [one, two],
        sourceCount: 2,
      },
    ]);
    expect((await blame(engine, { text: "second detail" })).origins).toMatchObject([
      { commit: two, shown: false, shownInstead: summary },
    ]);
    const edit = await say(engine, "Two things were told.", { editTarget: summary });
    await reveal(engine, summary);
    expect((await blame(engine, { ref: edit })).origins).toMatchObject([
      { commit: edit, shown: false, reason: expect.stringMatching(/ended/) },
    ]);
    expect((await blame(engine, { text: "second detail" })).origins).toMatchObject([
      { commit: two, shown: true },
    ]);
    expect((await blame(engine, { text: "Two things were said" })).origins).toMatchObject([
      { commit: summary, shown: false, reason: expect.stringMatching(/ended/) },
    ]);
  });

  it("looks at the branch that was asked for, and names the one a commit was made on", async () => {
    await say(engine, "base");
    await createBranch(engine, { name: "topic" });
    const theirs = await say(engine, "only on topic", { branch: "topic" });
    expect((await refusal(engine, () => blame(engine, { text: "only on topic" }))).code).toBe("not-found");
    expect((await blame(engine, { text: "only on topic", branch: "topic" })).origins).toMatchObject([
      { commit: theirs, branch: "topic" },
    ]);
    await mergeIn(engine, "topic");
    expect((await blame(engine, { text: "only on topic" })).origins).toMatchObject([
      { commit: theirs, branch: "topic", shown: true },
    ]);
  });
});

describe("blame of a commit", () => {
  it("tells of it by any ref, also behind no head and without content", async () => {
    const one = await say(engine, "one");
    await createTag(engine, { name: "v1" });
    await createBranch(engine, { name: "topic" });
    const other = await say(engine, "other", { branch: "topic" });
    expect(await blame(engine, { ref: "v1" })).toMatchObject({
      match: "commit",
      total: 1,
      origins: [{ commit: one, shown: true }],
    });
    expect((await blame(engine, { ref: other.slice(0, 10) })).origins).toMatchObject([
      { commit: other, shown: false, reason: expect.stringMatching(/not in the history/) },
    ]);
    const merge = await mergeIn(engine, "topic");
    expect((await blame(engine, { ref: "HEAD" })).origins).toMatchObject([
      { commit: merge, commitOperation: "merge", contentType: null, role: null, shown: false },
    ]);
  });
});

describe("blame refuses", () => {
  it.each([
    [{}, "invalid-argument"],
    [{ text: "a", ref: "HEAD" }, "invalid-argument"],
    [{ text: " \n" }, "invalid-argument"],
    [{ text: "nobody said this" }, "not-found"],
    [{ ref: "mian" }, "not-found"],
    [{ text: "one", branch: "mian" }, "not-found"],
  ])("%j", async (request, code) => {
    await say(engine, "one");
    expect((await refusal(engine, () => blame(engine, request))).code).toBe(code);
  });

  it("any text of an unborn branch, without quoting it", async () => {
    const error = await refusal(engine, () => blame(engine, { text: "secret" }));
    expect(error.code).toBe("not-found");
    expect(JSON.stringify(error)).not.toContain("secret");
  });
});
