/** The operations of one branch: whatever moved it, also together with other filters, in pages. */
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createBranch, renameBranch } from "../../../src/engine/history/branch.ts";
import { type OperationsRequest, operations } from "../../../src/engine/history/operations.ts";
import { createTag } from "../../../src/engine/history/tag.ts";
import { openTestEngine, type TestEngine } from "../../support/engine.ts";
import { refusal, say } from "../../support/history.ts";

describe.each(["sqlite", "memory"] as const)("operations of a branch (%s)", (store) => {
  let test: TestEngine;
  beforeEach(async () => {
    test = await openTestEngine({ store });
  });
  afterEach(async () => await test.close());

  const types = async (request: OperationsRequest): Promise<readonly string[]> =>
    (await operations(test.engine, request)).operations.map(({ type }) => type);

  it("are those that made, moved and renamed it", async () => {
    const first = await say(test.engine, "one");
    await createBranch(test.engine, { name: "side" });
    await say(test.engine, "two", { branch: "side" });
    await say(test.engine, "three");
    await createTag(test.engine, { name: "v1", ref: first });
    expect(await types({ branch: "side" })).toEqual(["commit", "branch"]);
    expect(await types({ branch: "main" })).toEqual(["commit", "commit"]);
    expect(await types({ branch: "side", type: "commit" })).toEqual(["commit"]);
    expect(await types({ branch: "main", commit: first })).toEqual(["commit"]);
    expect(await types({ branch: "side", commit: "main" })).toEqual([]);
    await renameBranch(test.engine, { name: "side", newName: "aside" });
    expect(await types({ branch: "aside" })).toEqual(["branch"]);
  });

  it("come in pages that follow one another", async () => {
    for (let i = 0; i < 5; i++) {
      await say(test.engine, `message ${i}`);
      if (i === 0) await createBranch(test.engine, { name: "side" });
      await say(test.engine, `beside ${i}`, { branch: "side" });
    }
    const seen: string[] = [];
    for (let cursor: string | null | undefined; cursor !== null; ) {
      const page = await operations(test.engine, { branch: "main", limit: 2, cursor });
      seen.push(...page.operations.flatMap(({ refMoves }) => refMoves.map(({ name }) => name)));
      cursor = page.nextCursor;
    }
    expect(seen).toEqual(["main", "main", "main", "main", "main"]);
  });

  it("are none of a branch that nobody has committed to, and refused of one that is not there", async () => {
    expect(await types({ branch: "main" })).toEqual([]);
    await say(test.engine, "one");
    const error = await refusal(test.engine, () => operations(test.engine, { branch: "mian" }));
    expect(error).toMatchObject({ code: "not-found", data: { near: ["main"] } });
  });
});
