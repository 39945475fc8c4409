/** Publishes commits of any operation on HEAD's branch, as compress and merge do, sound or not. */
import type { Engine } from "../../src/engine/engine.ts";
import { branchChange } from "../../src/engine/history/branch-change.ts";
import { revealItem } from "../../src/engine/history/internal-items.ts";
import {
  type BareItem,
  type CommitItem,
  type LateItem,
  planCommits,
} from "../../src/engine/history/plan-commit.ts";
import { isoNow, type OperationNote, publishPlan } from "../../src/engine/history/publish.ts";
import { readSite } from "../../src/engine/history/snapshot.ts";
import type { ChangeSet } from "../../src/storage/change-set.ts";
import type { Hash } from "../../src/storage/records.ts";

/** Gives the hashes of the new commits. */
export async function publishItems(
  engine: Engine,
  items: readonly (CommitItem | LateItem)[],
  over: { readonly note?: Partial<OperationNote>; readonly change?: Partial<ChangeSet> } = {},
): Promise<readonly Hash[]> {
  const tokens = await engine.tokenCounter("o200k_base");
  return await publishPlan(engine, async () => {
    const site = await readSite(engine, {});
    const [operationId, now, branch] = [engine.newId(), isoNow(engine), site.branch ?? "main"];
    const screen = await engine.screen(engine, site.head?.hash ?? null);
    const base = { parent: site.head, branch, author: engine.scope.author, now, operationId, tokens, screen };
    const planned = planCommits(base, items);
    const note = {
      id: operationId,
      type: "compress",
      now,
      reason: "Compressed",
      evidence: {},
      ...over.note,
    };
    const change = branchChange(engine, { site, branch, planned, isJudged: false, note });
    return {
      change: { ...change, ...over.change },
      result: () => planned.chain.map(({ commit }) => commit.hash),
    };
  });
}

/** A merge of HEAD with the tip of a branch. */
export async function mergeOf({ store, scope }: Engine, branch: string): Promise<BareItem> {
  const value = (await store.readRef(scope.tract, "branch", branch))?.value;
  const tip = value !== undefined && "commit" in value ? value.commit : null;
  const mergedTips = tip === null ? [] : await store.readCommits(scope.tract, [tip]);
  const [first] = mergedTips;
  if (first === undefined) throw new Error("there is nothing to merge");
  return {
    ...revealItem(first.hash),
    operation: "merge",
    editTarget: null,
    message: `Merge ${branch}`,
    mergedTips,
  };
}
