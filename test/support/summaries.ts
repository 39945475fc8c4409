/** Makes summaries and reveals directly, for tests of what they do to a context. */
import type { Engine } from "../../src/engine/engine.ts";
import { branchChange } from "../../src/engine/history/branch-change.ts";
import { revealItem, summaryItem } from "../../src/engine/history/internal-items.ts";
import { type CommitItem, planCommits } from "../../src/engine/history/plan-commit.ts";
import { isoNow, publishPlan } from "../../src/engine/history/publish.ts";
import { readSite } from "../../src/engine/history/snapshot.ts";
import type { Hash } from "../../src/storage/records.ts";

/** Covers commits by a summary; gives its hash. */
export async function summarise(
  engine: Engine,
  sources: readonly Hash[],
  text = "what was said",
  strategy = "manual",
): Promise<Hash> {
  return await commitItem(engine, summaryItem(engine, { sources, strategy, text }));
}

export async function reveal(engine: Engine, summary: Hash): Promise<Hash> {
  return await commitItem(engine, revealItem(summary));
}

export async function commitItem(engine: Engine, item: CommitItem): Promise<Hash> {
  return await publishPlan(engine, async () => {
    const site = await readSite(engine, {});
    const branch = site.branch ?? "main";
    const tokens = await engine.tokenCounter(site.tract?.encoding ?? engine.settings.encoding);
    const [now, operationId, { author }] = [isoNow(engine), engine.newId(), engine.scope];
    const screen = await engine.screen(engine, site.head?.hash ?? null);
    const planned = planCommits({ parent: site.head, branch, author, operationId, now, tokens, screen }, [
      item,
    ]);
    const note = { id: operationId, type: "compress", now, reason: "Made for a test", evidence: {} };
    const made = planned.chain[0]?.commit.hash;
    if (made === undefined) throw new Error("an item makes a commit");
    return {
      change: branchChange(engine, { site, branch, planned, isJudged: false, note }),
      result: () => made,
    };
  });
}
