/** Makes a merge commit in one call, without a look at conflicts, for tests of what reads history. */
import type { Engine } from "../../src/engine/engine.ts";
import { PLAIN_ITEM } from "../../src/engine/history/plan-commit.ts";
import { resolveCommit } from "../../src/engine/history/revision.ts";
import type { Hash, JsonObject } from "../../src/storage/records.ts";
import { commitItem } from "./summaries.ts";

/** Joins another ref into the current branch; gives the merge. */
export async function mergeIn(
  engine: Engine,
  ref: string,
  metadata: JsonObject | null = null,
): Promise<Hash> {
  const tip = await resolveCommit(engine, { ref });
  const mergedTips = await engine.store.readCommits(engine.scope.tract, [tip]);
  const message = `Merge ${ref}`;
  return await commitItem(engine, {
    ...PLAIN_ITEM,
    content: null,
    operation: "merge",
    message,
    metadata,
    mergedTips,
  });
}
