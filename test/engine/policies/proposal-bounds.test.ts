/** What holds for every proposal: how many wait, what a rejection means, what an edit may change, and that it is carried out once. */
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { status } from "../../../src/engine/history/status.ts";
import { approveProposal, editProposal, rejectProposal } from "../../../src/engine/policies/decide.ts";
import type { Finding } from "../../../src/engine/policies/policy.ts";
import { propose } from "../../../src/engine/policies/propose.ts";
import { openTestEngine, type TestEngine } from "../../support/engine.ts";
import { outrunOnce, refusal, say } from "../../support/history.ts";
import { type WatchedEngine, watched } from "../../support/policies.ts";

const TAG: Finding = {
  policy: "checkpoint",
  kind: "checkpoint",
  autonomy: "collaborative",
  target: "main",
  reason: "3 commits since the beginning of main",
  gain: 0,
  action: { tool: "tag", arguments: { action: "create", name: "checkpoint/one", ref: "HEAD" } },
};

describe.each(["sqlite", "memory"] as const)("proposals on %s", (store) => {
  let test: TestEngine;
  let engine: WatchedEngine;
  beforeEach(async () => {
    test = await openTestEngine({ store });
    engine = watched(test.engine);
    await say(engine, "hello");
  });
  afterEach(async () => await test.close());

  const proposed = async (finding: Finding): Promise<string> => {
    const made = await propose(engine, finding);
    if (made === null) throw new Error("nothing was proposed");
    return made.proposal.id;
  };

  it("of one policy leave room for those of others", async () => {
    for (let i = 0; i < 50; i++) await propose(engine, { ...TAG, target: `t${i}` });
    expect(await propose(engine, { ...TAG, target: "one too many" })).toBeNull();
    expect(await propose(engine, { ...TAG, policy: "other" })).toMatchObject({ isNew: true });
  });

  it("that were rejected are not made again for an hour, by whichever process", async () => {
    const id = await proposed(TAG);
    await rejectProposal(engine, { id, reason: "not now" });
    expect(await propose(watched(test.engine), TAG)).toMatchObject({
      isNew: false,
      proposal: { id, state: "rejected" },
    });
    expect(await propose(engine, { ...TAG, target: "side" })).toMatchObject({ isNew: true });
    const later = { ...engine, clock: () => test.engine.clock() + 3_600_000 };
    expect(await propose(later, TAG)).toMatchObject({ isNew: true });
  });

  it("cannot be edited into something that only reads", async () => {
    const id = await proposed(TAG);
    for (const changes of [{ action: "list" }, { action: null }])
      expect(await refusal(engine, () => editProposal(engine, { id, changes }))).toMatchObject({
        code: "invalid-argument",
        data: { path: "changes" },
      });
  });

  it("cannot be edited to act in another tract or worktree", async () => {
    const id = await proposed(TAG);
    for (const name of ["tract", "worktree"])
      expect(
        await refusal(engine, () => editProposal(engine, { id, changes: { [name]: "other" } })),
      ).toMatchObject({ code: "invalid-argument", data: { path: `changes.${name}` } });
  });

  it("do what they say once, also when it could be done twice", async () => {
    const action = { tool: "commit", arguments: { content: "only once" } };
    const id = await proposed({ ...TAG, policy: "orchestrate", kind: "orchestrate", action });
    const { commits } = await status(engine);
    const other = watched(test.engine);
    const raced = outrunOnce(test.engine, () => approveProposal(other, { id }));
    const late = watched(raced.engine);
    expect(await approveProposal(late, { id }).catch((thrown: unknown) => thrown)).toMatchObject({
      code: "plan-not-found",
      data: { state: "applied" },
    });
    expect((await status(engine)).commits).toBe(commits + 1);
  });
});
