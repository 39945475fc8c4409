/** What the kinds of policy about branches find: a talk that keeps changing its subject, and branches that nobody needs any more. */
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createBranch, switchBranch } from "../../../src/engine/history/branch.ts";
import { commit } from "../../../src/engine/history/commit.ts";
import { status } from "../../../src/engine/history/status.ts";
import { merge } from "../../../src/engine/merge/merge.ts";
import { setPolicy } from "../../../src/engine/policies/change-policy.ts";
import { evaluateNow } from "../../../src/engine/policies/list-policies.ts";
import type { Finding } from "../../../src/engine/policies/policy.ts";
import { openTestEngine, type TestEngine } from "../../support/engine.ts";
import { inWorktree, say } from "../../support/history.ts";

let on: TestEngine;
beforeEach(async () => {
  on = await openTestEngine({ store: "memory" });
});
afterEach(async () => await on.close());

const DAY_MS = 86_400_000;

/** What a policy of defaults and params finds now. */
async function findings(kind: string, params: object = {}): Promise<readonly Finding[]> {
  await setPolicy(on.engine, { name: kind, kind, params: { ...params } });
  return (await evaluateNow(on.engine, { name: kind })).findings;
}

describe("auto-branch", () => {
  const SUBJECTS = [
    "The parser drops trailing commas inside nested lists.",
    "Our holiday photos show mountains, lakes and sunny villages.",
    "Compile the kernel modules with debug symbols enabled today.",
    "Grandmother's soup needs carrots, parsley, garlic and pepper.",
    "Quarterly revenue forecasts exceed analyst expectations again.",
  ];

  it("proposes a branch when the subject keeps changing, and never acts by itself", async () => {
    await setPolicy(on.engine, { kind: "auto-branch", autonomy: "autonomous" });
    for (const text of SUBJECTS) await say(on.engine, text);
    const { head } = await status(on.engine);
    const [found] = (await evaluateNow(on.engine)).findings;
    expect(found).toMatchObject({
      autonomy: "collaborative",
      target: "main",
      action: {
        tool: "branch",
        arguments: { action: "create", name: `tangent/${head?.slice(0, 8)}`, from: head },
      },
    });
  });

  it("finds nothing in a talk about one subject, whoever speaks", async () => {
    for (const [i, more] of ["first", "second", "third", "fourth", "fifth"].entries())
      await say(on.engine, `The parser drops trailing commas in the ${more} list`, {
        role: i % 2 === 0 ? "user" : "assistant",
      });
    expect(await findings("auto-branch")).toEqual([]);
  });

  it("knows a word again in capitals, and in a text that is not plain English", async () => {
    for (const [i, more] of ["naïve", "first", "größten", "second", "κενή"].entries()) {
      const text = `The parser drops trailing commas in the ${more} list`;
      await say(on.engine, i % 2 === 1 ? text.toUpperCase() : text);
    }
    expect(await findings("auto-branch")).toEqual([]);
  });

  it("counts a change of content type", async () => {
    for (let i = 0; i < 5; i++)
      await commit(on.engine, {
        items: [{ content: i % 2 === 0 ? "go on" : { content_type: "output", text: "go on" } }],
      });
    expect(await findings("auto-branch")).toHaveLength(1);
    expect(await findings("auto-branch", { window: 3 })).toHaveLength(1);
  });

  it("does not take tool calls and short answers for another subject", async () => {
    for (let i = 0; i < 4; i++) {
      await say(on.engine, "Look at the file with the parser.");
      await commit(on.engine, {
        items: [
          {
            content: {
              content_type: "tool_io",
              direction: "call",
              tool_name: "read",
              call_id: `c${i}`,
              payload: {},
            },
          },
          {
            content: {
              content_type: "tool_io",
              direction: "result",
              tool_name: "read",
              call_id: `c${i}`,
              payload: "x",
            },
          },
          { content: "Done!", role: "assistant" },
        ],
      });
    }
    expect(await findings("auto-branch")).toEqual([]);
  });

  it("finds nothing on a tangent, and nothing where its branch is already", async () => {
    await setPolicy(on.engine, { kind: "auto-branch" });
    for (const text of SUBJECTS) await say(on.engine, text);
    const [found] = (await evaluateNow(on.engine)).findings;
    const name = String(found?.action.arguments.name);
    await createBranch(on.engine, { name });
    expect((await evaluateNow(on.engine)).findings).toEqual([]);
    await switchBranch(on.engine, { name });
    expect((await evaluateNow(on.engine)).findings).toEqual([]);
  });
});

describe("auto-archive", () => {
  it("finds merged branches, and stale ones after their days", async () => {
    await say(on.engine, "hello");
    for (const name of ["merged", "idle"]) {
      await createBranch(on.engine, { name });
      await say(on.engine, name, { branch: name });
    }
    await createBranch(on.engine, { name: "fresh" });
    await merge(on.engine, { source: "merged" });
    expect(await findings("auto-archive")).toMatchObject([
      {
        target: "merged",
        action: {
          tool: "branch",
          arguments: { action: "rename", name: "merged", new_name: "archive/merged" },
        },
      },
    ]);
    on.advance(7 * DAY_MS);
    expect((await findings("auto-archive")).map(({ target }) => target).sort()).toEqual([
      "fresh",
      "idle",
      "merged",
    ]);
    expect(await findings("auto-archive", { stale_days: 8 })).toHaveLength(1);
  });

  it("never finds the default branch, one that a worktree is on, an inbox, or an archived one", async () => {
    await say(on.engine, "hello");
    for (const name of ["here", "there", "inbox/x", "archive/y"]) await createBranch(on.engine, { name });
    await switchBranch(on.engine, { name: "here" });
    await switchBranch(inWorktree(on.engine, "second"), { name: "there" });
    on.advance(100 * DAY_MS);
    expect(await findings("auto-archive")).toEqual([]);
  });

  it("finds a free name", async () => {
    await say(on.engine, "hello");
    for (const name of ["x", "archive/x", "archive/x-2"]) await createBranch(on.engine, { name });
    on.advance(100 * DAY_MS);
    expect(await findings("auto-archive")).toMatchObject([
      { action: { arguments: { new_name: "archive/x-3" } } },
    ]);
  });

  it("leaves a branch alone whose new name would be too long", async () => {
    await say(on.engine, "hello");
    await createBranch(on.engine, { name: "x".repeat(249) });
    on.advance(100 * DAY_MS);
    expect(await findings("auto-archive")).toEqual([]);
  });

  it("finds at most twenty at once, the longest untouched first", async () => {
    await say(on.engine, "hello");
    for (let i = 10; i < 35; i++) await createBranch(on.engine, { name: `b${i}` });
    on.advance(100 * DAY_MS);
    const found = await findings("auto-archive");
    expect(found.map(({ target }) => target)).toEqual(Array.from({ length: 20 }, (_, i) => `b${i + 10}`));
  });
});
