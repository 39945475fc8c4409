/** Conflicts that merges recorded and nobody has resolved since (spec 3.3): found without reading chains. */
import type { CommitRecord, Hash, JsonObject, OperationRecord, Priority } from "../../storage/records.ts";
import { readContent } from "../content/parse-content.ts";
import type { Engine } from "../engine.ts";
import { type Coverage, readCoverage } from "./coverage.ts";
import { partsOf } from "./setting-parts.ts";

export type ConflictKind = "both_edit" | "skip_vs_edit" | "priority" | "compress_vs_edit" | "config";
/** The branch that is merged into is ours; what is merged in is theirs. */
export type Side = "ours" | "theirs";

/** What one side did to the target of a conflict, or how it was before. */
export interface SideRecord {
  /**
   * The edits that made it so, the last one last; for what was compressed the summaries over it, the one that shows first, and after them the
   * edit that marks it, if it shows another conflict.
   */
  readonly commits: readonly Hash[];
  /** Hash of the content that it shows; null when there is none, such as a setting that was not set. */
  readonly hash: Hash | null;
  /** Of its annotation; null where no annotation is in question, or it states none. */
  readonly priority: Priority | null;
}

/** A conflict by hashes alone, as it stands in the metadata of the merge commit that recorded it. */
export interface RecordedConflict {
  readonly kind: ConflictKind;
  /** Hash of the commit, or the key of the setting. */
  readonly target: string;
  readonly base: SideRecord;
  readonly ours: SideRecord;
  readonly theirs: SideRecord;
  /** Of compress_vs_edit: who compressed. */
  readonly compressedBy: Side | null;
  /** Of compress_vs_edit: the content that the target had when it was compressed. */
  readonly coveredHash: Hash | null;
}

/** What a merge commit's metadata holds when conflicts were recorded. */
export interface ConflictRecord {
  readonly conflicts: readonly RecordedConflict[];
  /** How the sides were called. */
  readonly names: Readonly<Record<Side, string>>;
}

export interface OpenConflict {
  readonly conflict: RecordedConflict;
  readonly merge: CommitRecord;
  readonly names: ConflictRecord["names"];
}

/** A resolution by edit counts for what shows in compile: the marked text is gone. */
export function markedCommit({ kind, target, compressedBy, ours, theirs }: RecordedConflict): Hash | null {
  if (kind === "config") return null;
  if (compressedBy === null) return target as Hash; // All kinds but config have a commit as target.
  return (compressedBy === "ours" ? ours : theirs).commits[0] ?? null;
}

/** A hash as messages show it; a key in full. */
export function shortTarget(target: string): string {
  return /^[0-9a-f]{64}$/.test(target) ? target.slice(0, 12) : target;
}

export function conflictMetadata({ conflicts, names }: ConflictRecord): JsonObject {
  return {
    names: { ...names },
    conflicts: conflicts.map((conflict) => ({
      kind: conflict.kind,
      target: conflict.target,
      base: sideJson(conflict.base),
      ours: sideJson(conflict.ours),
      theirs: sideJson(conflict.theirs),
      compressed_by: conflict.compressedBy,
      covered_hash: conflict.coveredHash,
    })),
  };
}

function sideJson({ commits, hash, priority }: SideRecord): JsonObject {
  return { commits, hash, priority };
}

/** As conflictMetadata spells it. */
interface StoredRecord {
  readonly names: ConflictRecord["names"];
  readonly conflicts: readonly (Omit<RecordedConflict, "compressedBy" | "coveredHash"> & {
    readonly compressed_by: Side | null;
    readonly covered_hash: Hash | null;
  })[];
}

function readRecord(metadata: JsonObject | null): ConflictRecord | null {
  if (metadata === null || !("conflicts" in metadata)) return null;
  // Only merge makes merge commits, and conflictMetadata what they hold.
  const read = metadata as unknown as StoredRecord;
  return {
    names: read.names,
    conflicts: read.conflicts.map(({ kind, target, base, ours, theirs, compressed_by, covered_hash }) => ({
      kind,
      target,
      base,
      ours,
      theirs,
      compressedBy: compressed_by,
      coveredHash: covered_hash,
    })),
  };
}

/** The conflicts that an operation recorded; none of one that is no merge. */
export async function readRecordedBy(
  { store, scope }: Engine,
  operationId: string,
): Promise<readonly RecordedConflict[]> {
  const operation = await store.findOperation(scope.tract, operationId);
  const [merge] = await store.readCommits(scope.tract, operation?.results.slice(0, 1) ?? []);
  return merge?.operation === "merge" ? (readRecord(merge.metadata)?.conflicts ?? []) : [];
}

/**
 * Open conflicts of a history, those of the newest merge first; of one kind and target the newest alone. Looks at the newest
 * `limits.openConflictMergesMax` merges of the tract.
 */
export async function readOpenConflicts(engine: Engine, head: Hash | null): Promise<readonly OpenConflict[]> {
  const { store, scope, limits } = engine;
  if (head === null) return [];
  const merges = await store.readOperations(scope.tract, {
    type: "merge",
    limit: limits.openConflictMergesMax,
  });
  const recorded = merges.filter(({ params }) => typeof params.recorded === "number" && params.recorded > 0);
  if (recorded.length === 0) return [];
  const coverage = await readCoverage(engine, head);
  const open = new Map<string, OpenConflict>();
  for (const operation of recorded) {
    const [merge] = await store.readCommits(scope.tract, operation.results.slice(0, 1));
    if (merge === undefined || !(await store.isReachable(scope.tract, merge.hash, head))) continue;
    const record = readRecord(merge.metadata);
    for (const conflict of record?.conflicts ?? []) {
      const name = `${conflict.kind} ${conflict.target}`;
      if (record === null || open.has(name)) continue;
      if (await isOpen(engine, { conflict, merge, operation, head, coverage }))
        open.set(name, { conflict, merge, names: record.names });
    }
  }
  return [...open.values()];
}

interface Moment {
  readonly conflict: RecordedConflict;
  readonly merge: CommitRecord;
  readonly operation: OperationRecord;
  readonly head: Hash;
  readonly coverage: Coverage;
}

/** Open as long as the marked text is what compile shows, of the summary or of the original. */
async function isOpen(engine: Engine, moment: Moment): Promise<boolean> {
  const { conflict, operation, head, coverage } = moment;
  const { store, scope } = engine;
  const marked = markedCommit(conflict);
  if (marked === null) return !(await isSetSince(engine, moment));
  const target = conflict.target as Hash; // All kinds but config have a commit as target.
  for (const commit of new Set([marked, target])) {
    if (coverage.covers.has(commit)) continue;
    if (coverage.contents.has(commit) && !coverage.summaries.some(({ hash }) => hash === commit)) continue;
    const newest = (await store.readEdits(scope.tract, commit, head)).at(-1);
    if (!isMarkOf(newest, conflict.target)) continue;
    const rows = await store.readCommitAnnotations(scope.tract, commit);
    const now = rows.at(-1)?.priority ?? null;
    if (now === "skip") continue;
    if (conflict.kind !== "skip_vs_edit" && conflict.kind !== "priority") return true;
    const then = rows.findLast(({ sequence }) => sequence <= operation.annotationsTo)?.priority ?? null;
    if (now === then) return true;
  }
  return false;
}

/** True for an edit that shows conflicts, marked. */
export function isMark({ operation, metadata }: CommitRecord): boolean {
  return operation === "edit" && metadata?.conflict !== undefined && Array.isArray(metadata.targets);
}

function isMarkOf(edit: CommitRecord | undefined, target: string): boolean {
  const targets = edit !== undefined && isMark(edit) ? edit.metadata?.targets : undefined;
  return Array.isArray(targets) && targets.includes(target);
}

/** True when a config commit after the merge states the key. */
async function isSetSince(engine: Engine, { conflict, merge, head }: Moment): Promise<boolean> {
  const { store, scope } = engine;
  for (const { commit, body } of await store.readConfigCommits(scope.tract, head)) {
    if (body === null || commit.operationId === merge.operationId) continue;
    const content = readContent({ body });
    const states =
      "settings" in content && Object.hasOwn(partsOf(content.settings as JsonObject), conflict.target); // Type config has settings.
    if (states && (await store.isReachable(scope.tract, merge.hash, commit.hash))) return true;
  }
  return false;
}
