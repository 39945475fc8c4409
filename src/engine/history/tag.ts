/** Tags: named checkpoints that never move (spec 3.2, 3.7). */
import type { Hash, RefMove, RefRecord } from "../../storage/records.ts";
import { pageLimit } from "../cursor.ts";
import type { Engine } from "../engine.ts";
import { TractError } from "../errors.ts";
import { nearest } from "../nearest.ts";
import { isoNow, operationChange, type Plan, publishPlan } from "./publish.ts";
import { checkRefName, nameWarnings } from "./ref-name.ts";
import { commitOf } from "./ref-value.ts";
import { resolveCommit } from "./revision.ts";
import { readSite } from "./snapshot.ts";
import { readRoots, readUnreachable } from "./unreachable.ts";
import type { PlaceResult } from "./worktree.ts";

export interface TagEntry {
  readonly name: string;
  readonly commit: Hash;
  readonly note: string | null;
  readonly createdAt: string;
}

export interface TagList {
  /** By name. */
  readonly tags: readonly TagEntry[];
  /** How many there are; more than `tags` when `limit` cut some. */
  readonly total: number;
}

/** The tags of the tract; with more than `limit` (default and most: `limits.pageMax`) the newest ones. */
export async function listTags(
  engine: Engine,
  request: { readonly limit?: number | undefined } = {},
): Promise<TagList> {
  const limit = pageLimit(engine.limits, request.limit ?? engine.limits.pageMax);
  await readSite(engine, {}); // An unknown worktree is refused by every operation.
  const tags = (await engine.store.listRefs(engine.scope.tract, "tag")).flatMap(entryOf);
  if (tags.length <= limit) return { tags, total: tags.length };
  const newest = tags.toSorted((a, b) =>
    a.createdAt < b.createdAt ? 1 : a.createdAt > b.createdAt ? -1 : 0,
  );
  return { tags: newest.slice(0, limit).sort((a, b) => (a.name < b.name ? -1 : 1)), total: tags.length };
}

export interface CreateTagRequest {
  readonly name: string;
  /** Default: HEAD. */
  readonly ref?: string | undefined;
  /** What the checkpoint is for. */
  readonly note?: string | undefined;
}

export interface TagResult extends PlaceResult {
  /** The tag made, or the one that is gone. */
  readonly tag: TagEntry;
}

/**
 * Makes a tag. Tags are immutable: one name, one commit.
 *
 * @throws TractError `invalid-name`, `exists`, `not-found`, `ambiguous-ref`, `invalid-argument` (the note).
 */
export async function createTag(engine: Engine, request: CreateTagRequest): Promise<TagResult> {
  checkRefName(engine.limits, request.name, "tag");
  checkNote(engine, request.note);
  return await publishPlan(engine, () => planCreate(engine, request));
}

/**
 * Deletes a tag; its commit stays, and undo brings the tag back.
 *
 * @throws TractError `not-found` with near names.
 */
export async function deleteTag(engine: Engine, request: { readonly name: string }): Promise<TagResult> {
  return await publishPlan(engine, () => planDelete(engine, request.name));
}

async function planCreate(engine: Engine, request: CreateTagRequest): Promise<Plan<TagResult>> {
  const { name, note } = request;
  const commit = await resolveCommit(engine, { ref: request.ref });
  const existing = await engine.store.readRef(engine.scope.tract, "tag", name);
  if (existing !== null) throw taken(name, commitOf(existing.value));
  const isBranch = (await engine.store.readRef(engine.scope.tract, "branch", name)) !== null;
  const createdAt = isoNow(engine);
  return await planMove(engine, {
    action: "create",
    tag: { name, commit, note: note ?? null, createdAt },
    now: createdAt,
    move: { kind: "tag", name, before: null, after: note === undefined ? { commit } : { commit, note } },
    warnings: [
      ...nameWarnings(name),
      ...(isBranch
        ? [`there is a branch ${JSON.stringify(name)} too; as a ref the name means the branch`]
        : []),
    ],
  });
}

async function planDelete(engine: Engine, name: string): Promise<Plan<TagResult>> {
  const row = await engine.store.readRef(engine.scope.tract, "tag", name);
  const tag = row === null ? undefined : entryOf(row)[0];
  if (row === null || tag === undefined) throw await unknownTag(engine, name);
  const roots = (await readRoots(engine)).filter((root) => root.kind !== "tag" || root.name !== name);
  const lost = await readUnreachable(engine, { tips: [tag.commit], roots: roots.map((root) => root.commit) });
  return await planMove(engine, {
    action: "delete",
    tag,
    now: isoNow(engine),
    move: { kind: "tag", name, before: row.value, after: null },
    warnings:
      lost.commits.length > 0
        ? ["its commit is on no branch and no tag any more; undo brings the tag back"]
        : [],
  });
}

interface TagMove {
  readonly action: "create" | "delete";
  readonly tag: TagEntry;
  readonly now: string;
  readonly move: RefMove;
  readonly warnings: readonly string[];
}

async function planMove(
  engine: Engine,
  { action, tag, now, move, warnings }: TagMove,
): Promise<Plan<TagResult>> {
  const site = await readSite(engine, {});
  const operationId = engine.newId();
  const change = operationChange(engine, site, {
    id: operationId,
    type: "tag",
    branch: site.branch,
    now,
    sources: [tag.commit],
    params: { action, name: tag.name },
    reason: `${action === "create" ? "Created" : "Deleted"} tag ${tag.name}`,
    evidence: { action, tag: tag.name, commit: tag.commit },
  });
  const place = { branch: site.branch, head: site.head?.hash ?? null };
  return {
    change: { ...change, refMoves: [move] },
    result: () => ({ operationId, ...place, warnings, tag }),
  };
}

function entryOf({ name, value, updatedAt }: RefRecord): readonly TagEntry[] {
  const commit = commitOf(value);
  if (commit === null || !("commit" in value)) return [];
  return [{ name, commit, note: value.note ?? null, createdAt: updatedAt }];
}

function checkNote(engine: Engine, note: string | undefined): void {
  const { messageCharsMax } = engine.limits;
  if (note === undefined || (note.isWellFormed() && note.length <= messageCharsMax)) return;
  const expected = `at most ${messageCharsMax} characters of well-formed Unicode`;
  throw new TractError("invalid-argument", `note: expected ${expected}`, {
    hint: "Shorten the note; long text belongs in a commit. Nothing was stored.",
    data: { path: "note", expected },
  });
}

function taken(name: string, commit: Hash | null): TractError {
  return new TractError("exists", `there is a tag ${JSON.stringify(name)} already, and tags do not move`, {
    hint: "Choose another name.",
    data: { tag: name, commit },
  });
}

async function unknownTag(engine: Engine, name: string): Promise<TractError> {
  const names = (await engine.store.listRefs(engine.scope.tract, "tag")).map((ref) => ref.name);
  const near = nearest(name, names);
  return new TractError("not-found", `there is no tag ${JSON.stringify(name)}`, {
    hint: near.length > 0 ? `Did you mean ${near.join(" or ")}?` : "List the tags with tag (action list).",
    data: { tag: name, near },
  });
}
