/** Finds the messages of a plan in the context of now, or says which of them are no longer what they were (spec 3.5: plan-stale). */
import type { Hash } from "../../storage/records.ts";
import { TractError } from "../errors.ts";
import { groupsOf, type SummaryGroup } from "./groups.ts";
import { type Block, type BranchContext, blocksByCommit } from "./head-context.ts";
import type { PlanBody, StoredGroup } from "./plan-body.ts";

/** @throws TractError `plan-stale` unless every message shows as it did, is free to be summarised, and stands where it stood. */
export function currentGroups(
  context: BranchContext,
  planId: string,
  body: PlanBody,
): readonly SummaryGroup[] {
  const blocks = blocksByCommit(context);
  const groups = body.groups.map((stored) => currentGroup(context, blocks, planId, stored));
  const changed = body.edits.filter(({ target, shown }) => {
    const entry = blocks.get(target)?.entries.find(({ hash }) => hash === target);
    return entry === undefined || entry.priority === "pinned" || entry.place.shown.commit.hash !== shown;
  });
  if (changed.length > 0)
    throw stale(
      planId,
      context.branch,
      changed.map(({ target }) => target),
    );
  return groups;
}

function currentGroup(
  context: BranchContext,
  blocks: ReadonlyMap<Hash, Block>,
  planId: string,
  { sources, shown, targetTokens }: StoredGroup,
): SummaryGroup {
  const changed = sources.filter((source, index) => {
    const block = blocks.get(source);
    const entry = block?.entries.find(({ hash }) => hash === source);
    return block === undefined || block.fixed !== null || entry?.place.shown.commit.hash !== shown[index];
  });
  if (changed.length > 0) throw stale(planId, context.branch, changed);
  const own = new Set(sources.flatMap((source) => blocks.get(source) ?? []));
  const ordered = [...own].sort((a, b) => a.index - b.index);
  const [group, ...others] = groupsOf(context, ordered);
  const isSame =
    group !== undefined &&
    others.length === 0 &&
    group.sources.length === sources.length &&
    group.sources.every((source, index) => source === sources[index]);
  if (!isSame) throw stale(planId, context.branch, sources);
  return { ...group, targetTokens };
}

function stale(planId: string, branch: string, changed: readonly Hash[]): TractError {
  const messages = changed.length === 1 ? "1 message of plan" : `${changed.length} messages of plan`;
  return new TractError("plan-stale", `${messages} ${planId} on ${branch} changed since it was made`, {
    hint: "They were edited, summarised, annotated or left behind. Call compress again for a new plan; nothing was stored.",
    data: { plan_id: planId, branch, changed: changed.slice(0, CHANGED_NAMED) },
  });
}

const CHANGED_NAMED = 50;
