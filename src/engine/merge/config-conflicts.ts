/** Merges the settings of two sides part by part (each policy is one): what both changed differently is a conflict (spec 3.3; spec 1.2). */
import type { Hash, Json, JsonObject } from "../../storage/records.ts";
import type { ChainCommit } from "../../storage/store.ts";
import { canonicalJson } from "../content/canonical-json.ts";
import { readContent } from "../content/parse-content.ts";
import type { Engine } from "../engine.ts";
import type { RecordedConflict, SideRecord } from "../history/open-conflicts.ts";
import { partsOf, wholeOf } from "../history/setting-parts.ts";
import type { SideFacts, SidesFacts } from "./sides.ts";

export interface ConfigMerge {
  readonly conflicts: readonly RecordedConflict[];
  /** Values to state again after the merge: the other side's commits may stand nearer to the head and say what was before. */
  readonly toKeep: JsonObject;
}

/** The commit that gives a key its value, and the value; null unsets. */
interface Setting {
  readonly value: Json;
  readonly row: ChainCommit;
}
type Settings = ReadonlyMap<string, Setting>;

export async function mergeConfigs(engine: Engine, sides: SidesFacts): Promise<ConfigMerge> {
  const { ours, theirs } = sides;
  if (!ours.hasConfigs || !theirs.hasConfigs) return { conflicts: [], toKeep: {} };
  const { store, scope } = engine;
  const ourRows = await store.readConfigCommits(scope.tract, ours.tip);
  const theirRows = await store.readConfigCommits(scope.tract, theirs.tip);
  const baseRows = ourRows.filter(({ commit }) => !ours.hashes.has(commit.hash));
  const [base, our, their] = [settingsOf(baseRows), settingsOf(ourRows), settingsOf(theirRows)];
  const conflicts: RecordedConflict[] = [];
  const toKeep: Record<string, Json> = {};
  const theirKeys = touchedKeys(theirs, theirRows);
  for (const key of touchedKeys(ours, ourRows)) {
    if (!theirKeys.has(key) || isSame(our.get(key), their.get(key))) continue;
    const isOursChanged = !isSame(our.get(key), base.get(key));
    const isTheirsChanged = !isSame(their.get(key), base.get(key));
    if (isOursChanged && isTheirsChanged) conflicts.push(conflictOf(key, { base, our, their }));
    else toKeep[key] = settingValue((isOursChanged ? our : their).get(key));
  }
  return { conflicts, toKeep: wholeOf(toKeep) };
}

/** Nearest to the head wins per key; an edit speaks at the place of its target, as where settings are read. */
function settingsOf(nearestFirst: readonly ChainCommit[]): Settings {
  const edits = new Map<Hash, ChainCommit>();
  const settings = new Map<string, Setting>();
  for (const row of nearestFirst) {
    const { editTarget, hash } = row.commit;
    if (editTarget !== null) {
      if (!edits.has(editTarget)) edits.set(editTarget, row);
      continue;
    }
    const shown = edits.get(hash) ?? row;
    for (const [key, value] of Object.entries(partsIn(shown)))
      if (!settings.has(key)) settings.set(key, { value, row: shown });
  }
  return settings;
}

/** Keys that a side's own config commits state, and those that its edits may have taken away. */
function touchedKeys(side: SideFacts, rows: readonly ChainCommit[]): ReadonlySet<string> {
  const keys = new Set<string>();
  const own = rows.filter(({ commit }) => side.hashes.has(commit.hash));
  const edited = new Set(own.flatMap(({ commit }) => commit.editTarget ?? []));
  const before = rows.filter(
    ({ commit }) => edited.has(commit.hash) || edited.has(commit.editTarget ?? commit.hash),
  );
  for (const row of [...own, ...before]) for (const key of Object.keys(partsIn(row))) keys.add(key);
  return keys;
}

/** What a config commit states, by its parts. */
export function partsIn({ body }: Pick<ChainCommit, "body">): JsonObject {
  const content = body === null ? null : readContent({ body });
  return content !== null && "settings" in content ? partsOf(content.settings as JsonObject) : {}; // Type config has a settings object.
}

function isSame(a: Setting | undefined, b: Setting | undefined): boolean {
  return canonicalJson(settingValue(a)) === canonicalJson(settingValue(b));
}

function settingValue(setting: Setting | undefined): Json {
  return setting?.value ?? null;
}

function conflictOf(
  key: string,
  at: { readonly base: Settings; readonly our: Settings; readonly their: Settings },
): RecordedConflict {
  return {
    kind: "config",
    target: key,
    base: recordOf(at.base.get(key)),
    ours: recordOf(at.our.get(key)),
    theirs: recordOf(at.their.get(key)),
    compressedBy: null,
    coveredHash: null,
  };
}

function recordOf(setting: Setting | undefined): SideRecord {
  if (setting === undefined) return { commits: [], hash: null, priority: null };
  const { hash, contentHash } = setting.row.commit;
  return { commits: [hash], hash: contentHash, priority: null };
}

/**
 * Both values in one: objects key by key, all the way down.
 *
 * @returns undefined when both sides changed a part to different values that are no objects.
 */
export function joinValues(base: Json, ours: Json, theirs: Json): Json | undefined {
  if (canonicalJson(ours) === canonicalJson(theirs) || canonicalJson(theirs) === canonicalJson(base))
    return ours;
  if (canonicalJson(ours) === canonicalJson(base)) return theirs;
  if (!isObject(ours) || !isObject(theirs)) return undefined;
  const before = isObject(base) ? base : {};
  const joined: Record<string, Json> = {};
  for (const key of new Set([...Object.keys(ours), ...Object.keys(theirs)])) {
    const value = joinValues(before[key] ?? null, ours[key] ?? null, theirs[key] ?? null);
    if (value === undefined) return undefined;
    if (value !== null) joined[key] = value;
  }
  return joined;
}

function isObject(value: Json): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
