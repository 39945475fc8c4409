/** What a resolution may call the commit of a conflict: its hash, the start of it, or any ref expression that leads to it. */
import { afterEach, beforeEach, expect, it } from "vitest";
import { createBranch } from "../../../src/engine/history/branch.ts";
import { createTag } from "../../../src/engine/history/tag.ts";
import { merge } from "../../../src/engine/merge/merge.ts";
import type { Hash } from "../../../src/storage/records.ts";
import { openTestEngine, type TestEngine } from "../../support/engine.ts";
import { refusal, say } from "../../support/history.ts";

let test: TestEngine;
let a: Hash;
beforeEach(async () => {
  test = await openTestEngine({ store: "memory" });
  a = await say(test.engine, "a");
  await say(test.engine, "b");
  await createTag(test.engine, { name: "question", ref: a });
  await createBranch(test.engine, { name: "topic" });
  await say(test.engine, "a of main", { editTarget: a });
  await say(test.engine, "a of topic", { editTarget: a, branch: "topic" });
});
afterEach(async () => await test.close());

it.each(["question", "HEAD~2", "main~2", "topic~2"])("%s leads to it", async (target) => {
  const result = await merge(test.engine, { source: "topic", resolutions: [{ target, content: "agreed" }] });
  expect(result).toMatchObject({ kind: "resolved", resolutions: [{ target: a, by: "content" }] });
});

it.each(["HEAD", "HEAD~1", "topic", "nowhere", "HEAD~99", ""])(
  "%j does not, and the targets are told",
  async (target) => {
    const resolutions = [{ target, pick: "ours" as const }];
    const error = await refusal(test.engine, () => merge(test.engine, { source: "topic", resolutions }));
    expect(error).toMatchObject({ code: "invalid-argument", data: { path: "resolutions[0].target" } });
    expect(JSON.stringify([error.hint, error.data])).toContain(a.slice(0, 12));
  },
);

it("two ways to say the same commit are one too many", async () => {
  const resolutions = [
    { target: "question", pick: "ours" as const },
    { target: a, pick: "theirs" as const },
  ];
  const error = await refusal(test.engine, () => merge(test.engine, { source: "topic", resolutions }));
  expect(error).toMatchObject({ code: "invalid-argument", data: { path: "resolutions[1].target" } });
});
