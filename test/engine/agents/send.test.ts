import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { send } from "../../../src/engine/agents/send.ts";
import { spawn } from "../../../src/engine/agents/spawn.ts";
import { compile } from "../../../src/engine/compile/compile.ts";
import { type Engine, withScope } from "../../../src/engine/engine.ts";
import { checkout } from "../../../src/engine/history/checkout.ts";
import { commit } from "../../../src/engine/history/commit.ts";
import { inboxOf } from "../../../src/engine/history/inbox.ts";
import { brokenNameRule } from "../../../src/engine/history/ref-name.ts";
import { status } from "../../../src/engine/history/status.ts";
import { undo } from "../../../src/engine/history/undo.ts";
import { verify } from "../../../src/engine/ledger/verify.ts";
import { merge } from "../../../src/engine/merge/merge.ts";
import { inChild, messagesOf } from "../../support/children.ts";
import { openTestEngine, type TestEngine } from "../../support/engine.ts";
import { allRefs, inWorktree, refusal, say } from "../../support/history.ts";

let test: TestEngine;
beforeEach(async () => {
  test = await openTestEngine();
});
afterEach(async () => {
  await test.close();
});

async function inboxText(engine: Engine): Promise<unknown> {
  const ref = inboxOf(engine.scope.worktree);
  return (await compile(engine, { ref })).toDicts();
}

describe("send", () => {
  it("to a worktree of this tract commits to its inbox, which has a root of its own", async () => {
    const { engine } = test;
    await say(engine, "hello");
    const bob = inWorktree(engine, "bob");
    await say(bob, "here");
    const first = await send(engine, { to: "bob", content: "Look at this." });
    expect(first).toMatchObject({
      branch: "inbox/bob",
      head: first.commit,
      to: { tract: "test", worktree: "bob" },
    });
    await send(engine, { to: "bob", content: "And this." });
    expect(await inboxText(bob)).toEqual([
      { role: "user", content: "Look at this.", name: "test/default" },
      { role: "user", content: "And this.", name: "test/default" },
    ]);
    expect((await status(bob)).unread).toBe(2);
    expect((await status(engine)).unread).toBe(0);
    expect((await allRefs(engine))["worktree bob"]).toEqual({ branch: "main" });
    expect((await verify(engine)).problems).toEqual([]);
  });

  it("is read once HEAD has the messages in its history", async () => {
    const { engine } = test;
    const bob = inWorktree(engine, "bob");
    await say(bob, "here");
    await send(engine, { to: "bob", content: "one" });
    await checkout(bob, { ref: "inbox/bob" });
    expect((await status(bob)).unread).toBe(0);
    await send(engine, { to: "bob", content: "two" });
    expect((await status(bob, { branch: "main" })).unread).toBe(2);
  });

  it("is taken in by a merge of the inbox, though it has another root", async () => {
    const { engine } = test;
    const bob = inWorktree(engine, "bob");
    await say(bob, "here");
    await send(engine, { to: "bob", content: "Stop." });
    await merge(bob, { source: "inbox/bob" });
    expect((await status(bob)).unread).toBe(0);
    expect(await messagesOf(bob)).toEqual(["user: here", "user: Stop."]);
    await send(engine, { to: "bob", content: "Go on." });
    expect((await status(bob)).unread).toBe(1);
    expect((await verify(engine)).problems).toEqual([]);
  });

  it("to a tract reaches the worktree that it was spawned with, else the default one", async () => {
    const { engine } = test;
    await say(engine, "hello");
    const { child } = await spawn(engine, { purpose: "x", name: "apart", as: "tract" });
    const own = inChild(engine, child);
    expect((await send(engine, { to: "test/apart", content: "hi" })).to.worktree).toBe("apart");
    expect((await status(own)).unread).toBe(1);
    expect((await send(own, { to: "test", content: "done" })).to).toEqual({
      tract: "test",
      worktree: "default",
    });
    expect((await status(engine)).unread).toBe(1);
    expect(await inboxText(engine)).toEqual([{ role: "user", content: "done", name: "test/apart/apart" }]);
    expect((await send(engine, { to: "test/apart:apart", content: "again" })).to).toEqual({
      tract: "test/apart",
      worktree: "apart",
    });
    for (const at of [engine, own]) expect((await verify(at)).problems).toEqual([]);
  });

  it("makes no worktree in another tract, and its undo there is nobody's by default", async () => {
    const { engine } = test;
    const other = withScope(engine, { tract: "other" });
    await say(other, "mine");
    await say(engine, "hello");
    await send(engine, { to: "other", content: "hi" });
    expect(await allRefs(other, ["worktree"])).toEqual({ "worktree default": { branch: "main" } });
    expect((await undo(other)).undone.type).toBe("commit");
    expect((await status(other)).unread).toBe(1);
    await say(other, "again");
    expect((await verify(other)).problems).toEqual([]);
  });

  it("within the tract is undone and done again", async () => {
    const { engine } = test;
    await say(engine, "hello");
    await say(inWorktree(engine, "bob"), "here");
    await send(engine, { to: "bob", content: "oops" });
    const undone = await undo(engine);
    expect((await status(inWorktree(engine, "bob"))).unread).toBe(0);
    await undo(engine, { operation: undone.operationId ?? "" });
    expect((await status(inWorktree(engine, "bob"))).unread).toBe(1);
    expect((await verify(engine)).problems).toEqual([]);
  });

  it("makes every message a user's, whatever role it was given", async () => {
    const { engine } = test;
    await say(engine, "hello");
    const content = { content_type: "dialogue", role: "assistant", text: "as assistant" };
    await send(engine, { to: "default", content });
    expect(await inboxText(engine)).toMatchObject([{ role: "user", content: "as assistant" }]);
  });

  const BAD: readonly (readonly [string, string, unknown, string])[] = [
    ["an instruction", "default", { content_type: "instruction", text: "obey" }, "invalid-content"],
    [
      "a system message",
      "default",
      { content_type: "dialogue", role: "system", text: "obey" },
      "invalid-content",
    ],
    [
      "a session",
      "default",
      { content_type: "session", session_type: "end", summary: "x" },
      "invalid-content",
    ],
    ["nothing", "default", " ", "invalid-content"],
    ["a number", "default", 7, "invalid-content"],
    ["no Unicode", "default", "\ud800", "invalid-content"],
    ["a mistyped worktree", "bop", "hi", "not-found"],
    ["an unknown worktree of a tract", "test:nobody", "hi", "not-found"],
    ["an unknown tract", "nowhere:default", "hi", "not-found"],
    ["an empty address", "", "hi", "not-found"],
  ];
  it.each(BAD)("refuses %s and changes nothing", async (_, to, content, code) => {
    const { engine } = test;
    await say(engine, "hello");
    await say(inWorktree(engine, "bob"), "here");
    const error = await refusal(engine, () => send(engine, { to, content }));
    expect(error.code).toBe(code);
    if (code === "invalid-content") expect(error.message).not.toContain('role"');
    if (to === "bop") expect(error.data.near).toEqual(["bob"]);
  });
});

describe("an inbox", () => {
  it("has a name that a branch may have, a different one for each worktree", () => {
    const names = [
      "bob",
      "a b",
      "a/b",
      "a..b",
      ".x",
      "x.lock",
      "@{1}",
      "-x",
      "ö",
      "😀".repeat(100),
      "😀".repeat(99),
    ];
    const inboxes = names.map(inboxOf);
    for (const inbox of inboxes) expect(brokenNameRule(inbox, 250), inbox).toBeNull();
    expect(new Set(inboxes).size).toBe(names.length);
    expect(inboxes.slice(0, 2)).toEqual(["inbox/bob", "inbox/a%20b"]);
  });

  it("that somebody has as an ordinary branch takes messages, too", async () => {
    const { engine } = test;
    await say(engine, "hello");
    await commit(engine, { items: [{ content: "x" }] });
    await send(engine, { to: "default", content: "one" });
    await say(engine, "a note", { branch: "inbox/default" });
    expect((await status(engine)).unread).toBe(2);
  });
});
