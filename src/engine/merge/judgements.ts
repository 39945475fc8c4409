/** Conflicts between what one side judged and what the other side did: skip against edit, skip against pin (spec 3.3; spec 9, 5). */
import type { AnnotationRecord, Hash, Priority } from "../../storage/records.ts";
import type { Engine } from "../engine.ts";
import type { RecordedConflict, Side } from "../history/open-conflicts.ts";
import type { Site } from "../history/snapshot.ts";
import { baseRecord, readBaseText, shownRecord } from "./base-text.ts";
import type { SidesFacts } from "./sides.ts";

/** Each side's newest change of the priority of a commit, since the two parted. */
type Verdicts = Readonly<Record<Side, ReadonlyMap<Hash, Priority | null>>>;

/** Only commits that both sides have can be in conflict. */
export async function findJudgementConflicts(
  engine: Engine,
  site: Site,
  sides: SidesFacts,
): Promise<readonly RecordedConflict[]> {
  const upTo = site.tract?.annotationSequence ?? 0;
  const after = upTo === 0 ? 0 : await partedAt(engine, sides);
  if (after >= upTo) return [];
  const rows = await engine.store.readAnnotations(engine.scope.tract, { after, upTo });
  const verdicts = await readVerdicts(engine, site, sides, { rows, after });
  const found: RecordedConflict[] = [];
  for (const target of new Set([...verdicts.ours.keys(), ...verdicts.theirs.keys()])) {
    const kind = kindOf(verdicts, sides, target);
    if (kind === null || !(await isCommon(engine, sides, target))) continue;
    const base = await readBaseText(engine, sides, target);
    const all = await engine.store.readCommitAnnotations(engine.scope.tract, target);
    const before = all.findLast(({ sequence }) => sequence <= after)?.priority ?? null;
    found.push({
      kind,
      target,
      base: { ...baseRecord(base), priority: before },
      ours: { ...shownRecord(sides.ours, base), priority: verdicts.ours.get(target) ?? null },
      theirs: { ...shownRecord(sides.theirs, base), priority: verdicts.theirs.get(target) ?? null },
      compressedBy: null,
      coveredHash: null,
    });
  }
  return found;
}

function kindOf(
  { ours, theirs }: Verdicts,
  sides: SidesFacts,
  target: Hash,
): "priority" | "skip_vs_edit" | null {
  const [our, their] = [ours.get(target), theirs.get(target)];
  if ((our === "skip") === (their === "skip")) return null;
  if (our === "pinned" || their === "pinned") return "priority";
  // Hidden on both sides: nobody sees the edit.
  if (sides.ours.coverage.covers.has(target) && sides.theirs.coverage.covers.has(target)) return null;
  const editor = our === "skip" ? sides.theirs : sides.ours;
  return editor.edits.has(target) ? "skip_vs_edit" : null;
}

async function isCommon(
  { store, scope }: Engine,
  { ours, theirs }: SidesFacts,
  target: Hash,
): Promise<boolean> {
  if (ours.hashes.has(target) || theirs.hashes.has(target)) return false;
  return await store.isReachable(scope.tract, target, ours.tip);
}

/**
 * The newest annotation that both sides had seen: when the newest base was made, or when one side last merged the other (then the other's
 * tip of that time is a base now).
 */
async function partedAt(engine: Engine, { ours, theirs, bases }: SidesFacts): Promise<number> {
  const { store, scope } = engine;
  const shared = new Set(bases);
  const operations = new Set<string>();
  for (const { operationId } of await store.readCommits(scope.tract, bases.slice(0, 1)))
    operations.add(operationId);
  for (const { commit } of [...ours.rows, ...theirs.rows])
    if (commit.parents.slice(1).some((parent) => shared.has(parent))) operations.add(commit.operationId);
  let after = 0;
  for (const id of operations)
    after = Math.max(after, (await store.findOperation(scope.tract, id))?.annotationsTo ?? 0);
  return after;
}

interface RowsSince {
  readonly rows: readonly AnnotationRecord[];
  readonly after: number;
}

/** An annotation of an edit counts for what it edits. Rows that leave the priority as it was say nothing about it. */
async function readVerdicts(
  engine: Engine,
  site: Site,
  sides: SidesFacts,
  { rows, after }: RowsSince,
): Promise<Verdicts> {
  const verdicts = { ours: new Map<Hash, Priority | null>(), theirs: new Map<Hash, Priority | null>() };
  const sideOf = sideOfBranch(site, sides);
  // Without a skip there is nothing to disagree about.
  if (!rows.some(({ priority, branch }) => priority === "skip" && sideOf(branch) !== null)) return verdicts;
  const { store, scope } = engine;
  const annotated = [...new Set(rows.map(({ commit }) => commit))];
  const targets = new Map(
    (await store.readCommits(scope.tract, annotated)).map(({ hash, operation, editTarget }) => [
      hash,
      operation === "edit" && editTarget !== null ? editTarget : hash,
    ]),
  );
  const skipped = new Set(
    rows.flatMap(({ commit, priority }) => (priority === "skip" ? (targets.get(commit) ?? []) : [])),
  );
  const before = new Map<Hash, Priority | null>();
  for (const [commit, target] of targets) {
    if (!skipped.has(target)) continue;
    const known = await store.readCommitAnnotations(scope.tract, commit);
    before.set(commit, known.findLast(({ sequence }) => sequence <= after)?.priority ?? null);
  }
  for (const { commit, priority, branch } of rows) {
    const target = targets.get(commit);
    const earlier = before.get(commit);
    if (target === undefined || earlier === undefined || earlier === priority) continue;
    before.set(commit, priority);
    const side = sideOf(branch);
    if (side !== null) verdicts[side].set(target, priority);
  }
  return verdicts;
}

/** The target's own branch is ours, the source's theirs; another one belongs to the side that alone has commits made on it. */
function sideOfBranch(site: Site, { ours, theirs }: SidesFacts): (branch: string) => Side | null {
  return (branch) => {
    if (branch === site.branch) return "ours";
    const isOurs = ours.branches.has(branch);
    const isTheirs = theirs.branches.has(branch);
    if (isOurs === isTheirs) return null;
    return isOurs ? "ours" : "theirs";
  };
}
