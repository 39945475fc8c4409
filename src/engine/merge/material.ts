/** What conflicts name, read in one go: contents, commits and annotations, and how the sides read (spec 3.3). */
import type { CommitRecord, ContentRecord, Hash, Json, Priority } from "../../storage/records.ts";
import { canonicalJson } from "../content/canonical-json.ts";
import { storedText } from "../content/parse-content.ts";
import { cutText } from "../cut-text.ts";
import type { Engine } from "../engine.ts";
import type { AnnotationState } from "../history/annotation-state.ts";
import {
  type ConflictKind,
  isMark,
  markedCommit,
  type RecordedConflict,
  readRecordedBy,
  type Side,
  type SideRecord,
} from "../history/open-conflicts.ts";
import { invariant } from "../invariant.ts";
import { partsIn } from "./config-conflicts.ts";

export interface Material {
  readonly contents: ReadonlyMap<Hash, ContentRecord>;
  /** The last commit of each side. */
  readonly commits: ReadonlyMap<Hash, CommitRecord>;
  /** Of the targets whose priority is in question, and of their edits. */
  readonly states: ReadonlyMap<Hash, AnnotationState>;
  /** By the marking edit of an open conflict that a side shows: what that side had said itself. */
  readonly own: ReadonlyMap<Hash, SideRecord>;
}

export async function readMaterial(
  engine: Engine,
  conflicts: readonly RecordedConflict[],
): Promise<Material> {
  const { store, scope } = engine;
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
  const made = await store.readCommits(scope.tract, [...commits]);
  const known = new Map(made.map((commit) => [commit.hash, commit]));
  const own = new Map<Hash, SideRecord>();
  const ownSide = ownSidesBy(engine);
  for (const commit of made) {
    const said = await ownSide(commit);
    if (said === null) continue;
    own.set(commit.hash, said.side);
    if (said.side.hash !== null) hashes.add(said.side.hash);
    if (said.last !== undefined) known.set(said.last.hash, said.last);
  }
  return {
    contents: new Map((await store.readContents([...hashes])).map((record) => [record.hash, record])),
    commits: known,
    states,
    own,
  };
}

/** A mark is nobody's text: a side that shows one stands for ours of that merge, or for the summary that it marks. */
function ownSidesBy(engine: Engine): (edit: CommitRecord) => Promise<OwnSide | null> {
  const records = new Map<string, ReadonlyMap<Hash | null, RecordedConflict>>();
  /** Each merge is read once, however many conflicts it recorded. */
  const recordedBy = async (operationId: string) => {
    const known = records.get(operationId);
    if (known !== undefined) return known;
    const recorded = await readRecordedBy(engine, operationId);
    const read = new Map(recorded.map((conflict) => [markedCommit(conflict), conflict]));
    records.set(operationId, read);
    return read;
  };
  const ownSide = async (edit: CommitRecord): Promise<OwnSide | null> => {
    if (!isMark(edit)) return null;
    const marked = (await recordedBy(edit.operationId)).get(edit.editTarget);
    if (marked === undefined) return null;
    const side = marked[marked.compressedBy ?? "ours"];
    const [last] = await engine.store.readCommits(engine.scope.tract, side.commits.slice(-1));
    return (last === undefined ? null : await ownSide(last)) ?? { side, last };
  };
  return ownSide;
}

interface OwnSide {
  readonly side: SideRecord;
  readonly last: CommitRecord | undefined;
}

/** A side as it is picked: never the marks of a conflict. */
export function pickedSide({ own }: Material, side: SideRecord): SideRecord {
  const last = side.commits.at(-1);
  return (last === undefined ? undefined : own.get(last)) ?? side;
}

/** A content that a conflict names. */
export function contentOf({ contents }: Material, hash: Hash | null): ContentRecord {
  const record = hash === null ? undefined : contents.get(hash);
  invariant(record, "what a conflict names is in the store");
  return record;
}

/** What a side says of a setting; null: it is not set. */
export function settingOf(material: Material, key: string, { hash }: SideRecord): Json {
  return hash === null ? null : (partsIn(contentOf(material, hash))[key] ?? null);
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
