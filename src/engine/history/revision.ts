/** Resolves what a caller calls a commit: branch, tag, hash, prefix, HEAD, `~n`, `@{n}`, ORIG_HEAD (spec 1.3; spec 9, 10). */
import type { Hash } from "../../storage/records.ts";
import { isHash } from "../content/hashes.ts";
import type { Engine } from "../engine.ts";
import { TractError } from "../errors.ts";
import { nearest } from "../nearest.ts";
import { readSite } from "./snapshot.ts";

export interface Revision {
  /** null for an unborn branch. */
  readonly commit: Hash | null;
  /** The branch that the expression named, directly or through HEAD; null for anything else. */
  readonly branch: string | null;
}

export interface RevisionRequest {
  /** Default: HEAD. */
  readonly ref?: string | undefined;
  /** What HEAD means; default: the worktree's. */
  readonly branch?: string | undefined;
}

/**
 * Finds the commit that an expression means.
 *
 * @throws TractError `not-found` (with near names), `ambiguous-ref` (with the candidates), `invalid-argument`.
 */
export async function resolveRef(engine: Engine, request: RevisionRequest): Promise<Revision> {
  const ref = request.ref ?? "HEAD";
  const parts = /^(.*?)(?:~(\d{0,9}))?$/s.exec(ref);
  const base = parts?.[1] ?? ref;
  const steps = parts?.[2] === undefined ? 0 : parts[2] === "" ? 1 : Number(parts[2]);
  const start = await resolveBase(engine, base === "" ? "HEAD" : base, request.branch);
  if (steps === 0) return start;
  const commit =
    start.commit === null ? null : await engine.store.readAncestor(engine.scope.tract, start.commit, steps);
  if (commit === null) {
    throw new TractError("not-found", `${quote(ref)} goes beyond the first commit`, {
      hint: "Use a smaller number after ~, or look at log.",
      data: { ref },
    });
  }
  return { commit, branch: null };
}

/** As resolveRef, but the commit must exist. */
export async function resolveCommit(engine: Engine, request: RevisionRequest): Promise<Hash> {
  const { commit } = await resolveRef(engine, request);
  if (commit !== null) return commit;
  throw new TractError("not-found", `${quote(request.ref ?? "HEAD")} has no commit yet`, {
    hint: "Commit something first; then this names its newest commit.",
    data: { ref: request.ref ?? "HEAD" },
  });
}

async function resolveBase(engine: Engine, base: string, branch: string | undefined): Promise<Revision> {
  if (base === "HEAD" || base === "@") {
    const site = await readSite(engine, { branch });
    return { commit: site.head?.hash ?? null, branch: site.branch };
  }
  if (base === "ORIG_HEAD") return { commit: await readOrigHead(engine), branch: null };
  const ago = /^@\{(\d{1,9})\}$/.exec(base);
  if (ago) return await operationsAgo(engine, Number(ago[1]), branch);
  return (await findNamed(engine, base)) ?? (await findByHash(engine, base));
}

async function findNamed(engine: Engine, name: string): Promise<Revision | null> {
  const { store, scope } = engine;
  const branch = await store.readRef(scope.tract, "branch", name);
  if (branch && "commit" in branch.value) return { commit: branch.value.commit, branch: name };
  const tag = await store.readRef(scope.tract, "tag", name);
  if (tag && "commit" in tag.value) return { commit: tag.value.commit, branch: null };
  if (name !== engine.settings.defaultBranch) return null;
  return { commit: null, branch: name }; // The default branch may be unborn.
}

async function findByHash(engine: Engine, text: string): Promise<Revision> {
  const { store, scope, limits } = engine;
  const hex = text.toLowerCase();
  if (isHash(hex)) {
    const found = await store.readCommits(scope.tract, [hex]);
    if (found.length > 0) return { commit: hex, branch: null };
  } else if (/^[0-9a-f]{4,63}$/.test(hex)) {
    const candidates = await store.findCommits(scope.tract, hex, limits.suggestionsMax + 1);
    if (candidates.length > 1) throw ambiguous(text, candidates.slice(0, limits.suggestionsMax));
    if (candidates[0] !== undefined) return { commit: candidates[0], branch: null };
  }
  throw await unknownRef(engine, text);
}

async function readOrigHead(engine: Engine): Promise<Hash | null> {
  const ref = await engine.store.readRef(engine.scope.tract, "orig_head", engine.scope.worktree);
  if (ref && "commit" in ref.value) return ref.value.commit;
  throw new TractError("not-found", "there is no ORIG_HEAD in this worktree", {
    hint: "ORIG_HEAD exists after an operation that moved a branch back; use operations to see what was done.",
  });
}

/** `@{n}`: where the branch stood before the newest n operations of the tract. */
async function operationsAgo(engine: Engine, n: number, branch: string | undefined): Promise<Revision> {
  const site = await readSite(engine, { branch });
  const newest = site.tract?.operationSequence ?? 0;
  if (n > newest) {
    throw new TractError("not-found", `@{${n}} goes beyond the first of ${newest} operations`, {
      hint: "Use a smaller number, or look at operations.",
      data: { operations: newest },
    });
  }
  if (n === 0 || site.branch === null) return { commit: site.head?.hash ?? null, branch: null };
  const value = await engine.store.readRefAsOf(engine.scope.tract, "branch", site.branch, newest - n);
  return { commit: value !== null && "commit" in value ? value.commit : null, branch: null };
}

function ambiguous(prefix: string, candidates: readonly Hash[]): TractError {
  return new TractError("ambiguous-ref", `${quote(prefix)} is the start of several commits`, {
    hint: "Use more characters of the hash.",
    data: { ref: prefix, candidates },
  });
}

async function unknownRef(engine: Engine, ref: string): Promise<TractError> {
  const { store, scope } = engine;
  const names = [
    ...(await store.listRefs(scope.tract, "branch")),
    ...(await store.listRefs(scope.tract, "tag")),
  ].map((known) => known.name);
  const near = nearest(ref, names);
  return new TractError(
    "not-found",
    `there is no branch, tag or commit ${quote(ref)} in tract ${JSON.stringify(scope.tract)}`,
    {
      hint:
        near.length > 0
          ? `Did you mean ${near.join(" or ")}?`
          : "See log for commits and branch (action list) for branches; a hash needs at least 4 of its first characters.",
      data: { ref: ref.slice(0, REF_CHARS_SHOWN), near },
    },
  );
}

const REF_CHARS_SHOWN = 100;

function quote(ref: string): string {
  return JSON.stringify(ref.length > REF_CHARS_SHOWN ? `${ref.slice(0, REF_CHARS_SHOWN)}…` : ref);
}
