/** Makes commits that only operations make, merge, summary and reveal, without the operations that usually do. */
import { parseContent } from "../../src/engine/content/parse-content.ts";
import type { Engine } from "../../src/engine/engine.ts";
import { branchChange } from "../../src/engine/history/branch-change.ts";
import { type CommitItem, PLAIN_ITEM, planCommits } from "../../src/engine/history/plan-commit.ts";
import { isoNow, publishPlan } from "../../src/engine/history/publish.ts";
import { resolveCommit } from "../../src/engine/history/revision.ts";
import { readSite } from "../../src/engine/history/snapshot.ts";
import type { Hash, JsonObject } from "../../src/storage/records.ts";

/** Joins another ref into the current branch. */
export async function mergeIn(
  engine: Engine,
  ref: string,
  metadata: JsonObject | null = null,
): Promise<Hash> {
  const [tip] = await engine.store.readCommits(engine.scope.tract, [await resolveCommit(engine, { ref })]);
  if (tip === undefined) throw new Error("a tip is in the store");
  return await publishOne(engine, {
    ...PLAIN_ITEM,
    content: null,
    operation: "merge",
    message: `Merge ${ref}`,
    metadata,
    mergedTips: [tip],
  });
}

/** Puts a summary over commits. */
export async function summarise(engine: Engine, sources: readonly Hash[], text: string): Promise<Hash> {
  const content = parseContent(
    { content_type: "summary", sources, strategy: "manual", text },
    { types: engine.contentTypes, limits: engine.limits, path: "content", internal: true },
  );
  return await publishOne(engine, { ...PLAIN_ITEM, content, operation: "summary", message: null });
}

/** Ends a summary. */
export async function reveal(engine: Engine, summary: Hash): Promise<Hash> {
  return await publishOne(engine, {
    ...PLAIN_ITEM,
    content: null,
    operation: "reveal",
    message: "Reveal",
    editTarget: summary,
    mergedTips: [],
  });
}

async function publishOne(engine: Engine, item: CommitItem): Promise<Hash> {
  const tokens = await engine.tokenCounter("o200k_base");
  return await publishPlan(engine, async () => {
    const site = await readSite(engine, {});
    const branch = site.branch ?? "main";
    const operationId = engine.newId();
    const now = isoNow(engine);
    const { author } = engine.scope;
    const planned = planCommits({ parent: site.head, branch, author, operationId, now, tokens }, [item]);
    const note = {
      id: operationId,
      type: item.operation,
      now,
      reason: `Made ${item.operation}`,
      evidence: {},
    };
    const [made] = planned.chain;
    if (made === undefined) throw new Error("one item gives one commit");
    return {
      change: branchChange(engine, { site, branch, planned, isJudged: false, note }),
      result: () => made.commit.hash,
    };
  });
}
