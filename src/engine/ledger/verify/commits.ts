/** Verifies commits: hashes, links, and that time never runs backwards along a chain. */
import type { CommitRecord, Hash } from "../../../storage/records.ts";
import type { StoredCommit } from "../../../storage/store.ts";
import type { Verification } from "../verify.ts";
import { verifyContent } from "./contents.ts";
import { orDamage, type ReadPage, readPages } from "./damaged-rows.ts";
import { verifySummaries } from "./summaries.ts";
import { hashOrNull, suspectField } from "./suspect-field.ts";

/**
 * Verifies every commit of the tract, or those since a time with their contents, and hands on what it has read, so that operations are held
 * against it without a second reading.
 */
export async function* verifyCommits(
  verification: Verification,
): AsyncGenerator<readonly CommitRecord[], void, undefined> {
  const { advance, engine, report, since } = verification;
  if (verification.tract === null) return;
  const { limits, scope, store } = engine;
  const read: ReadPage<StoredCommit> = async (after, limit) =>
    await store.scanCommits(scope.tract, after, limit);
  const unreadable = (place: number): void =>
    report({ kind: "commit", what: "unreadable", detail: `row ${place} of the commits cannot be read` });
  const times = new RecentTimes();
  for await (const page of readPages(read, 0, limits.verifyPage, unreadable)) {
    const rows = since === null ? page : page.filter(({ commit }) => commit.createdAt >= since);
    for (const { commit, missing } of rows)
      if (missing.length > 0 || !isSound(commit)) await reportCommit(verification, commit, missing);
    await verifyTimes(verification, rows, times);
    await verifySummaries(verification, rows);
    if (since !== null) await verifyTheirContents(verification, rows);
    await advance("commits", rows.length);
    yield rows.map(({ commit }) => commit);
  }
}

function isSound(commit: CommitRecord): boolean {
  return hashOrNull(commit) === commit.hash && misshapenField(commit) === null;
}

/** The field that a commit of its operation cannot have, or must have; null when it is as it should be. */
function misshapenField({
  operation,
  editTarget,
  contentHash,
}: CommitRecord): "edit_target" | "content" | null {
  const hasTarget = operation === "edit" || operation === "reveal";
  if ((editTarget !== null) !== hasTarget) return "edit_target";
  const hasContent = operation !== "merge" && operation !== "reveal";
  return (contentHash !== null) === hasContent ? null : "content";
}

async function reportCommit(
  verification: Verification,
  commit: CommitRecord,
  missing: readonly string[],
): Promise<void> {
  const { report } = verification;
  const { hash } = commit;
  for (const field of missing)
    report({ kind: "commit", what: "missing", field, hash, detail: `its ${NAMES[field] ?? field} is gone` });
  // What is gone is part of what was hashed; only its operation is not.
  if (missing.some((field) => field !== "operation") || isSound(commit)) return;
  const misshapen = misshapenField(commit);
  if (hashOrNull(commit) === hash && misshapen !== null) {
    report({ kind: "commit", what: "changed", field: misshapen, hash, detail: SHAPES[misshapen] });
    return;
  }
  const field = await suspectField(verification, commit);
  const detail =
    field === "hash"
      ? "its hash is another: one of the fields that it covers was changed"
      : `its ${field} was changed`;
  report({ kind: "commit", what: "changed", field, hash, detail });
}

const SHAPES = {
  edit_target: "an edit and a reveal have a target, and no other commit",
  content: "a merge and a reveal have no content, and every other commit has one",
} as const;

const NAMES: Readonly<Record<string, string>> = { parents: "parent", edit_target: "edit target" };

/** The page's commits against their parents, which are mostly just before them. */
async function verifyTimes(
  { engine, report }: Verification,
  rows: readonly StoredCommit[],
  times: RecentTimes,
): Promise<void> {
  const { scope, store } = engine;
  for (const { commit } of rows) times.add(commit);
  const unknown = new Set(rows.flatMap(({ commit }) => commit.parents.filter((hash) => !times.has(hash))));
  const parents = unknown.size === 0 ? [] : await orDamage(store.readCommits(scope.tract, [...unknown]));
  const others = new Map(parents?.map((parent) => [parent.hash, parent.createdAt]));
  for (const { commit } of rows) {
    const isEarlier = commit.parents.some(
      (hash) => (times.get(hash) ?? others.get(hash) ?? "") > commit.createdAt,
    );
    if (isEarlier) {
      const detail = "it is older than its parent";
      report({ kind: "commit", what: "disordered", field: "created_at", hash: commit.hash, detail });
    }
  }
}

async function verifyTheirContents(
  { advance, engine, report }: Verification,
  rows: readonly StoredCommit[],
): Promise<void> {
  let checked = 0;
  for (const hash of new Set(rows.flatMap(({ commit }) => commit.contentHash ?? []))) {
    const contents = await orDamage(engine.store.readContents([hash]));
    if (contents === undefined)
      report({ kind: "content", what: "unreadable", hash, detail: "its row cannot be read" });
    for (const content of contents ?? []) verifyContent(content, engine.contentTypes, report);
    checked += contents?.length ?? 0;
  }
  await advance("contents", checked);
}

/** Times of the commits met last, in bounded memory. */
class RecentTimes {
  #newer = new Map<Hash, string>();
  #older = new Map<Hash, string>();

  add({ hash, createdAt }: CommitRecord): void {
    if (this.#newer.size >= REMEMBERED_MAX) {
      this.#older = this.#newer;
      this.#newer = new Map();
    }
    this.#newer.set(hash, createdAt);
  }

  get(hash: Hash): string | undefined {
    return this.#newer.get(hash) ?? this.#older.get(hash);
  }

  has(hash: Hash): boolean {
    return this.get(hash) !== undefined;
  }
}

const REMEMBERED_MAX = 4_096;
