/** What conflicts name, read in one go: contents, commits and annotations, and how the sides read (spec 3.3). */
import type { CommitRecord, ContentRecord, Hash, Json, Priority } from "../../storage/records.ts";
import { canonicalJson } from "../content/canonical-json.ts";
import { storedText } from "../content/parse-content.ts";
import { cutText } from "../cut-text.ts";
import type { Engine } from "../engine.ts";
import type { AnnotationState } from "../history/annotation-state.ts";
import type { ConflictKind, RecordedConflict, Side, SideRecord } from "../history/open-conflicts.ts";
import { invariant } from "../invariant.ts";
import { settingsIn } from "./config-conflicts.ts";

export interface Material {
  readonly contents: ReadonlyMap<Hash, ContentRecord>;
  /** The last commit of each side. */
  readonly commits: ReadonlyMap<Hash, CommitRecord>;
  /** Of the targets whose priority is in question, and of their edits. */
  readonly states: ReadonlyMap<Hash, AnnotationState>;
}

export async function readMaterial(
  { store, scope }: Engine,
  conflicts: readonly RecordedConflict[],
): Promise<Material> {
  const hashes = new Set<Hash>();
  const commits = new Set<Hash>();
  const judged = new Set<Hash>();
  for (const { kind, target, base, ours, theirs, coveredHash } of conflicts) {
    for (const hash of [base.hash, ours.hash, theirs.hash, coveredHash]) if (hash !== null) hashes.add(hash);
    const last = [base, ours, theirs].flatMap((side) => side.commits.at(-1) ?? []);
    for (const commit of last) commits.add(commit);
    if (kind === "skip_vs_edit" || kind === "priority")
      for (const commit of [target as Hash, ...last]) judged.add(commit); // Of these kinds the target is a commit.
  }
  const states = new Map<Hash, AnnotationState>();
  for (const commit of judged) {
    const newest = (await store.readCommitAnnotations(scope.tract, commit)).at(-1);
    if (newest !== undefined) states.set(commit, newest);
  }
  return {
    contents: new Map((await store.readContents([...hashes])).map((record) => [record.hash, record])),
    commits: new Map((await store.readCommits(scope.tract, [...commits])).map((made) => [made.hash, made])),
    states,
  };
}

/** A content that a conflict names. */
export function contentOf({ contents }: Material, hash: Hash | null): ContentRecord {
  const record = hash === null ? undefined : contents.get(hash);
  invariant(record, "what a conflict names is in the store");
  return record;
}

/** What a side says of a setting; null: it is not set. */
export function settingOf(material: Material, key: string, { hash }: SideRecord): Json {
  return hash === null ? null : (settingsIn(contentOf(material, hash))[key] ?? null);
}

/** A side as results tell it. */
export interface ConflictSide {
  readonly commits: readonly Hash[];
  /** Content hash of what it shows. */
  readonly hash: Hash | null;
  /** Cut to `limits.conflictTextCharsMax`; show has the whole. Of a setting, its value as JSON. */
  readonly text: string;
  /** Where a judgement is in question: the priority that the side gave; null: none. */
  readonly priority?: Priority | null;
}

/** A disagreement of two sides. */
export interface Conflict {
  readonly kind: ConflictKind;
  /** Hash of the commit, or the key of the setting. */
  readonly target: string;
  readonly base: ConflictSide;
  readonly ours: ConflictSide;
  readonly theirs: ConflictSide;
  /** Only of compress_vs_edit: who compressed. */
  readonly compressedBy?: Side;
}

export function describeConflict(engine: Engine, material: Material, conflict: RecordedConflict): Conflict {
  const { kind, target, compressedBy } = conflict;
  const side = (record: SideRecord): ConflictSide => ({
    commits: record.commits,
    hash: record.hash,
    text: cutText(textOf(material, conflict, record), engine.limits.conflictTextCharsMax),
    ...(kind === "skip_vs_edit" || kind === "priority" ? { priority: record.priority } : {}),
  });
  return {
    kind,
    target,
    base: side(conflict.base),
    ours: side(conflict.ours),
    theirs: side(conflict.theirs),
    ...(compressedBy === null ? {} : { compressedBy }),
  };
}

function textOf(material: Material, { kind, target }: RecordedConflict, record: SideRecord): string {
  if (kind === "config") return canonicalJson(settingOf(material, target, record));
  return record.hash === null ? "" : storedText(contentOf(material, record.hash));
}
