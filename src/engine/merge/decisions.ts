/** What becomes of each conflict: what the caller resolved, and what the strategy says of the rest (spec 3.3; spec 9, 6 and 19). */
import type { Hash, Json, JsonObject } from "../../storage/records.ts";
import { isJson } from "../content/json-rules.ts";
import type { ParsedContent } from "../content/parse-content.ts";
import type { Engine } from "../engine.ts";
import { TractError } from "../errors.ts";
import { readCommitItems } from "../history/commit-items.ts";
import { type RecordedConflict, type Side, shortTarget } from "../history/open-conflicts.ts";
import { resolveCommit } from "../history/revision.ts";
import { wholeOf } from "../history/setting-parts.ts";
import { checkSettings } from "../history/settings.ts";
import type { Site } from "../history/snapshot.ts";
import { invariant } from "../invariant.ts";

export type Pick = Side | "base" | "both";
export const PICKS: readonly Pick[] = ["ours", "theirs", "base", "both"];

/** How one conflict is to be resolved: with a content, or by picking. Exactly one of the two. */
export interface Resolution {
  /** The commit, by its hash (or the start of it) or any ref expression, or the key of the setting. */
  readonly target: string;
  /** A text keeps type, role and fields of the target; of a setting, its value. */
  readonly content?: unknown;
  readonly pick?: Pick | undefined;
}

export type Decision =
  | { readonly kind: "pick"; readonly pick: Pick }
  | {
      readonly kind: "content";
      readonly content: ParsedContent;
      /** How an LLM was asked for it; absent: it was not. */
      readonly generationConfig?: JsonObject | undefined;
    }
  | { readonly kind: "value"; readonly value: Json }
  | { readonly kind: "record" };

export interface Decided {
  readonly conflict: RecordedConflict;
  readonly decision: Decision;
}

/**
 * Holds resolutions against the conflicts there are.
 *
 * @returns the decision of each conflict that has one; a resolution decides every conflict of its target.
 * @throws TractError `invalid-argument` (unknown target, told with the known ones; twice the same; both or neither of content and pick),
 *   `invalid-content`.
 */
export async function decideByResolutions(
  engine: Engine,
  site: Site,
  conflicts: readonly RecordedConflict[],
  resolutions: readonly Resolution[],
): Promise<ReadonlyMap<RecordedConflict, Decision>> {
  const decided = new Map<RecordedConflict, Decision>();
  for (const [index, resolution] of resolutions.entries()) {
    const path = `resolutions[${index}]`;
    checkResolution(resolution, path);
    const meant = await conflictsOf(engine, conflicts, resolution.target, path);
    for (const conflict of meant) {
      if (decided.has(conflict))
        throw wrong(`${path}.target`, "a target that no other resolution has", conflicts);
      decided.set(conflict, await decisionOf(engine, site, conflict, { resolution, path }));
    }
  }
  return decided;
}

function checkResolution({ content, pick }: Resolution, path: string): void {
  if ((content === undefined) === (pick === undefined)) throw wrong(path, "either content or pick", []);
  if (pick !== undefined && !PICKS.includes(pick))
    throw wrong(`${path}.pick`, `one of ${PICKS.join(", ")}`, []);
}

const PREFIX_CHARS_MIN = 4;

async function conflictsOf(
  engine: Engine,
  conflicts: readonly RecordedConflict[],
  target: string,
  path: string,
): Promise<readonly RecordedConflict[]> {
  const exact = conflicts.filter(({ target: known }) => known === target);
  if (exact.length > 0) return exact;
  const start = target.toLowerCase();
  const near = conflicts.filter(
    ({ kind, target: known }) =>
      kind !== "config" && start.length >= PREFIX_CHARS_MIN && known.startsWith(start),
  );
  if (new Set(near.map(({ target: known }) => known)).size === 1) return near;
  const hash = await commitNamed(engine, target);
  const named = conflicts.filter(({ kind, target: known }) => kind !== "config" && known === hash);
  if (named.length > 0) return named;
  throw wrong(
    `${path}.target`,
    conflicts.length === 0
      ? "no resolution at all, because there is no conflict with this source"
      : "the target of one of the conflicts",
    conflicts,
  );
}

/** The commit that a ref expression leads to; null when there is none. */
async function commitNamed(engine: Engine, ref: string): Promise<Hash | null> {
  try {
    return await resolveCommit(engine, { ref });
  } catch (error) {
    if (error instanceof TractError) return null;
    throw error;
  }
}

async function decisionOf(
  engine: Engine,
  site: Site,
  conflict: RecordedConflict,
  { resolution, path }: { readonly resolution: Resolution; readonly path: string },
): Promise<Decision> {
  const { content, pick } = resolution;
  if (pick !== undefined) return { kind: "pick", pick };
  if (conflict.kind === "config") return { kind: "value", value: readValue(conflict.target, content, path) };
  // Nothing covers a commit at the moment when it is made: what may be said of it is checked there, whatever was summarised since.
  const [head] = await engine.store.readCommits(engine.scope.tract, [commitTarget(conflict)]);
  invariant(head, "the target of a conflict is in the store");
  try {
    const [item] = await readCommitItems(engine, { ...site, head }, [
      { content, editTarget: conflict.target },
    ]);
    return item === undefined ? { kind: "record" } : { kind: "content", content: item.content };
  } catch (error) {
    throw error instanceof TractError ? placed(error, path) : error;
  }
}

function readValue(key: string, value: unknown, path: string): Json {
  if (!isJson(value)) throw wrong(`${path}.content`, "JSON: the value of the setting", []);
  checkSettings(wholeOf({ [key]: value }), `${path}.content`);
  return value;
}

/** The same error, with the path as the caller of merge wrote it. */
function placed(error: TractError, path: string): TractError {
  const inside = error.data.path;
  if (typeof inside !== "string") return error;
  return new TractError(error.code, `${path}.${error.message}`, {
    hint: error.hint,
    data: { ...error.data, path: `${path}.${inside}` },
    cause: error,
  });
}

function wrong(path: string, expected: string, conflicts: readonly RecordedConflict[]): TractError {
  const targets = [...new Set(conflicts.map(({ target: known }) => known))].slice(0, TARGETS_TOLD);
  const known = conflicts.length === 0 ? "" : `Targets: ${targets.map(shortTarget).join(", ")}. `;
  return new TractError("invalid-argument", `${path}: expected ${expected}`, {
    hint: `${known}merge without resolutions and strategy reports the conflicts; for one on record give the merge that status names as source. Nothing was changed.`,
    data: { path, expected, targets },
  });
}

const TARGETS_TOLD = 10;

/** What is left is decided by the strategy; undefined: not at all. */
export function decideByStrategy(
  strategy: "report" | "ours" | "theirs" | "both" | "record",
): Decision | undefined {
  if (strategy === "report") return undefined;
  return strategy === "record" ? { kind: "record" } : { kind: "pick", pick: strategy };
}

/** The commit of a conflict's target, or of the summary over it. */
export function commitTarget({ target }: RecordedConflict): Hash {
  return target as Hash; // All kinds but config have a commit as target.
}
