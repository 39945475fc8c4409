/** Finds what the two sides of a merge disagree about (spec 3.3; docs/decisions/0008). */
import type { CommitRecord, Hash } from "../../storage/records.ts";
import type { Engine } from "../engine.ts";
import { isMark, type RecordedConflict, type Side, type SideRecord } from "../history/open-conflicts.ts";
import { effectivePriority, judged } from "../history/priority.ts";
import type { Site } from "../history/snapshot.ts";
import { type BaseText, baseRecord, editRecord, readBaseText } from "./base-text.ts";
import { type ConfigMerge, mergeConfigs } from "./config-conflicts.ts";
import { findJudgementConflicts } from "./judgements.ts";
import { lastEdit, type SidesFacts } from "./sides.ts";

export interface FoundConflicts {
  /** Of texts, then of priorities, then of settings; each in the order of ours. */
  readonly conflicts: readonly RecordedConflict[];
  /** Settings that only one side changed, but that the order of commits alone would not keep. */
  readonly settingsToKeep: ConfigMerge["toKeep"];
}

/** Each side's changes against the other's. Costs reads per conflict, not per commit. */
export async function findConflicts(engine: Engine, site: Site, sides: SidesFacts): Promise<FoundConflicts> {
  const compressed = await findCompressed(engine, sides);
  const hidden = new Set(compressed.map(({ target }) => target));
  const edited = (await findBothEdits(engine, sides)).filter(({ target }) => !hidden.has(target));
  const judgements = await findJudgementConflicts(engine, site, sides);
  const configs = await mergeConfigs(engine, sides);
  return {
    conflicts: [...edited, ...compressed, ...judgements, ...configs.conflicts],
    settingsToKeep: configs.toKeep,
  };
}

async function findBothEdits(engine: Engine, sides: SidesFacts): Promise<readonly RecordedConflict[]> {
  const { ours, theirs } = sides;
  const found: RecordedConflict[] = [];
  for (const [target, ourEdits] of ours.edits) {
    const theirEdits = theirs.edits.get(target);
    if (theirEdits === undefined || ourEdits.at(-1)?.contentHash === theirEdits.at(-1)?.contentHash) continue;
    // Hidden on both sides: nobody sees either text.
    if (ours.coverage.covers.has(target) && theirs.coverage.covers.has(target)) continue;
    found.push({
      kind: "both_edit",
      target,
      base: baseRecord(await readBaseText(engine, sides, target)),
      ours: editRecord(ourEdits),
      theirs: editRecord(theirEdits),
      compressedBy: null,
      coveredHash: null,
    });
  }
  return found;
}

async function findCompressed(engine: Engine, sides: SidesFacts): Promise<readonly RecordedConflict[]> {
  const found: RecordedConflict[] = [];
  for (const compressedBy of ["ours", "theirs"] as const) {
    const compressor = sides[compressedBy];
    const editor = sides[compressedBy === "ours" ? "theirs" : "ours"];
    for (const [target, edits] of editor.edits) {
      const cover = compressor.coverage.covers.get(target);
      if (cover === undefined || !compressor.hashes.has(cover.by) || editor.coverage.covers.has(target))
        continue;
      const base = await readBaseText(engine, sides, target);
      if (!cover.isFirm && (await isPinned(engine, base.target, edits.at(-1)))) continue;
      found.push(compressRecord({ sides, compressedBy, target, by: cover.by, edits, base }));
    }
  }
  return found;
}

interface Compressed {
  readonly sides: SidesFacts;
  readonly compressedBy: Side;
  readonly target: Hash;
  /** The summary that stands for the target. */
  readonly by: Hash;
  /** Of the other side. */
  readonly edits: readonly CommitRecord[];
  readonly base: BaseText;
}

function compressRecord({ sides, compressedBy, target, by, edits, base }: Compressed): RecordedConflict {
  const compressor = sides[compressedBy];
  const rewritten = lastEdit(compressor, by);
  const made = compressor.rows.find(({ commit }) => commit.hash === by);
  const summarised: SideRecord = {
    // A summary that shows another conflict is told by the edit that marks it.
    commits: [
      ...coveringSummaries(sides, target, by),
      ...(rewritten !== undefined && isMark(rewritten) ? [rewritten.hash] : []),
    ],
    hash: rewritten?.contentHash ?? made?.commit.contentHash ?? null,
    priority: null,
  };
  const edited = editRecord(edits);
  return {
    kind: "compress_vs_edit",
    target,
    base: baseRecord(base),
    ours: compressedBy === "ours" ? summarised : edited,
    theirs: compressedBy === "ours" ? edited : summarised,
    compressedBy,
    coveredHash: lastEdit(compressor, target)?.contentHash ?? base.hash,
  };
}

/** Every summary in effect that hides the target, itself or through others: only without all of them it shows. */
function coveringSummaries({ merged }: SidesFacts, target: Hash, by: Hash): readonly Hash[] {
  const covering = merged.summaries.filter(({ content }) => {
    const waiting = [...content.sources];
    const seen = new Set<string>();
    for (let source = waiting.pop(); source !== undefined; source = waiting.pop()) {
      if (source === target) return true;
      if (seen.has(source)) continue;
      seen.add(source);
      waiting.push(...(merged.contents.get(source as Hash)?.sources ?? [])); // Sources are hashes: their schema says so.
    }
    return false;
  });
  return [by, ...covering.map(({ hash }) => hash).filter((hash) => hash !== by)];
}

/** What is pinned shows although it was compressed (spec 1.6). */
async function isPinned(
  { store, scope }: Engine,
  target: CommitRecord,
  edit: CommitRecord | undefined,
): Promise<boolean> {
  const own = judged(target, (await store.readCommitAnnotations(scope.tract, target.hash)).at(-1));
  if (edit === undefined) return effectivePriority(own, null) === "pinned";
  const annotated = (await store.readCommitAnnotations(scope.tract, edit.hash)).at(-1);
  return effectivePriority(judged(edit, annotated), own) === "pinned";
}
