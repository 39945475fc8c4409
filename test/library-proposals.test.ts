/** Policies and their proposals in a program: told in results, decided by any handle on the store, refused in typed errors. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { openStore, type Tract, type TractStore } from "../src/index.ts";

let folder: string;
let store: TractStore;
let tract: Tract;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "tract-library-"));
  store = await openStore(join(folder, "test.db"), { durability: "normal" });
  tract = await store.tract("demo");
});
afterEach(async () => {
  await store.close();
  await rm(folder, { recursive: true, force: true });
});

const CHECKPOINT = { kind: "checkpoint", params: { every_commits: 2 } };

describe("a program with policies", () => {
  it("is told of a proposal in the result, and decides on it through another handle", async () => {
    await tract.setPolicy(CHECKPOINT);
    const { warnings } = await tract.commit("hello");
    const [proposal] = await tract.proposals();
    expect(warnings).toEqual([expect.stringContaining(proposal?.id ?? "none")]);
    expect(await tract.showProposal(proposal?.id ?? "")).toMatchObject({ effect: { tokensBefore: null } });
    const second = await openStore(join(folder, "test.db"), { durability: "normal" });
    const other = await second.tract("demo");
    await other.editProposal(proposal?.id ?? "", { name: "v1" });
    const { operationId } = await other.approve(proposal?.id ?? "");
    await second.close();
    expect((await tract.listTags()).tags).toMatchObject([{ name: "v1" }]);
    await tract.undo({ operation: operationId ?? "" });
    expect((await tract.listTags()).tags).toEqual([]);
    const { entries } = await tract.queryLedger({ eventType: "PROPOSAL", order: "asc" });
    expect(entries.map(({ decision }) => decision)).toEqual(["PROPOSED", "EDITED", "APPROVED"]);
  });

  it("keeps the reason of a rejection", async () => {
    await tract.setPolicy(CHECKPOINT);
    await tract.user("hello");
    const [proposal] = await tract.proposals();
    expect(await tract.reject(proposal?.id ?? "", "not here")).toMatchObject({
      proposal: { state: "rejected" },
    });
    expect((await tract.queryLedger({ text: "not here" })).count).toBe(1);
  });

  it("finds what an autonomous policy did among the operations", async () => {
    await tract.setPolicy({ ...CHECKPOINT, autonomy: "autonomous" });
    const { warnings } = await tract.commit("hello");
    const [made] = (await tract.operations()).operations;
    expect(made).toMatchObject({ type: "tag", author: { kind: "policy", name: "checkpoint" } });
    expect(warnings).toEqual([expect.stringContaining(made?.id ?? "none")]);
    expect((await tract.verify()).problems).toEqual([]);
  });

  it("is refused what is no id, no reason, no changes", async () => {
    const wrong: readonly [string, readonly unknown[]][] = [
      ["approve", [7]],
      ["showProposal", [null]],
      ["reject", ["01KDVDNA05CN6ZH5PDZ2000000"]],
      ["editProposal", ["01KDVDNA05CN6ZH5PDZ2000000", []]],
    ];
    for (const [method, args] of wrong) {
      const act: unknown = Reflect.get(tract, method);
      if (typeof act !== "function") throw new Error(method);
      await expect(act(...args)).rejects.toMatchObject({ code: "invalid-argument" });
    }
    await expect(tract.approve("nope")).rejects.toMatchObject({ code: "plan-not-found" });
  });
});
