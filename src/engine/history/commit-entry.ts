/** Commits as log, show and status tell of them: with the priority and labels in force now (spec 1.6). */
import type { AnnotationRecord, CommitRecord, Hash } from "../../storage/records.ts";
import type { Engine } from "../engine.ts";
import { effectiveLabels, effectivePriority, judged } from "./priority.ts";

/** A commit whose `priority` is the one in force, and whose `labels` are those of commit time and those annotated since. */
export type CommitEntry = CommitRecord;

/** The commits with what annotations say of them, in the same order. */
export async function commitEntries(
  engine: Engine,
  commits: readonly CommitRecord[],
): Promise<readonly CommitEntry[]> {
  const targets = await readTargets(engine, commits);
  const entries: CommitEntry[] = [];
  for (const commit of commits) {
    const own = await newestAnnotation(engine, commit.hash);
    const edited = editedBy(commit);
    const target = edited === null ? undefined : targets.get(edited);
    const ofTarget = target && judged(target, await newestAnnotation(engine, target.hash));
    entries.push({
      ...commit,
      priority: effectivePriority(judged(commit, own), ofTarget ?? null),
      labels: effectiveLabels(commit, own),
    });
  }
  return entries;
}

/** Each row holds the whole state, so the newest one says it all. */
async function newestAnnotation(
  { scope, store }: Engine,
  commit: Hash,
): Promise<AnnotationRecord | undefined> {
  return (await store.readCommitAnnotations(scope.tract, commit)).at(-1);
}

async function readTargets(
  { scope, store }: Engine,
  commits: readonly CommitRecord[],
): Promise<ReadonlyMap<Hash, CommitRecord>> {
  const hashes = new Set(commits.flatMap((commit) => editedBy(commit) ?? []));
  if (hashes.size === 0) return new Map();
  return new Map((await store.readCommits(scope.tract, [...hashes])).map((target) => [target.hash, target]));
}

/** Only an edit is judged as its target is; what a reveal ends is no business of its priority. */
function editedBy({ operation, editTarget }: CommitRecord): Hash | null {
  return operation === "edit" ? editTarget : null;
}
