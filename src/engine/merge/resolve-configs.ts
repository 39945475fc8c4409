/** Resolves conflicts about settings: one config commit states all the values (spec 3.3; table in docs/decisions/0008). Pure. */
import type { Json, JsonObject } from "../../storage/records.ts";
import { TractError } from "../errors.ts";
import type { RecordedConflict } from "../history/open-conflicts.ts";
import { type CommitItem, PLAIN_ITEM } from "../history/plan-commit.ts";
import { partsOf, wholeOf } from "../history/setting-parts.ts";
import { checkSettings } from "../history/settings.ts";
import { joinValues } from "./config-conflicts.ts";
import type { Decided } from "./decisions.ts";
import { settingOf } from "./material.ts";
import { madeContent, type ResolveContext } from "./resolution-items.ts";

export type SettingsToKeep = JsonObject;

export function resolveConfigs(
  context: ResolveContext,
  decided: readonly Decided[],
  toKeep: SettingsToKeep,
): { readonly items: readonly CommitItem[]; readonly unresolved: readonly RecordedConflict[] } {
  const settings: Record<string, Json> = { ...partsOf(toKeep) };
  const unresolved: RecordedConflict[] = [];
  for (const one of decided) {
    const value = valueFor(context, one);
    if (value === undefined) unresolved.push(one.conflict);
    else settings[one.conflict.target] = value;
  }
  const keys = Object.keys(settings);
  if (keys.length === 0) return { items: [], unresolved };
  const content = madeContent(context, { content_type: "config", settings: wholeOf(settings) });
  const message = `Settings of the merge: ${keys.join(", ")}`;
  const item: CommitItem = { ...PLAIN_ITEM, content, operation: "append", message };
  return { items: [item], unresolved };
}

/** undefined when the two values cannot be one. */
function valueFor({ material }: ResolveContext, { conflict, decision }: Decided): Json | undefined {
  const { target: key, base, ours, theirs } = conflict;
  if (decision.kind === "value") return decision.value;
  // Until it is resolved, a merge does not change the setting of the branch that it goes to.
  if (decision.kind !== "pick") return settingOf(material, key, ours);
  if (decision.pick !== "both") return settingOf(material, key, conflict[decision.pick]);
  const [our, their] = [settingOf(material, key, ours), settingOf(material, key, theirs)];
  if (our === null || their === null || typeof our !== "object" || typeof their !== "object")
    return undefined;
  const joined = joinValues(settingOf(material, key, base), our, their);
  return joined !== undefined && isAllowed(key, joined) ? joined : undefined;
}

function isAllowed(key: string, value: Json): boolean {
  try {
    checkSettings(wholeOf({ [key]: value }), key);
    return true;
  } catch (error) {
    if (error instanceof TractError) return false;
    throw error;
  }
}
