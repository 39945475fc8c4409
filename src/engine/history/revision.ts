/** Resolves what a caller calls a commit: branch, tag, hash, prefix, HEAD, `~n`, `@{n}`, ORIG_HEAD (spec 1.3; spec 9, 10). */
import type { Hash } from "../../storage/records.ts";
import { isHash } from "../content/hashes.ts";
import type { Engine } from "../engine.ts";
import { TractError } from "../errors.ts";
import { nearest } from "../nearest.ts";
import { commitOf } from "./ref-value.ts";
import { didNotExistThen, type RefView, type Revision, refsAsOf, refsNow } from "./ref-view.ts";
import { readRemoved } from "./removed.ts";

export type { Revision } from "./ref-view.ts";

export interface RevisionRequest {
  /** Default: HEAD. */
  readonly ref?: string | undefined;
  /** What HEAD means; default: the worktree's. */
  readonly branch?: string | undefined;
  /** Sequence of an operation: everything named is what it was just after it, 0 before the first. Default: now. */
  readonly asOf?: number | undefined;
}

/**
 * Finds the commit that an expression means.
 *
 * @throws TractError `not-found` (with near names, or because it did not exist then), `ambiguous-ref` (with the candidates), `invalid-argument`.
 */
export async function resolveRef(engine: Engine, request: RevisionRequest): Promise<Revision> {
  const ref = request.ref ?? "HEAD";
  const parts = /^(.*?)(?:~(\d{0,9}))?$/s.exec(ref);
  const base = parts?.[1] ?? ref;
  const steps = parts?.[2] === undefined ? 0 : parts[2] === "" ? 1 : Number(parts[2]);
  const view = request.asOf === undefined ? refsNow(engine) : refsAsOf(engine, request.asOf);
  const start = await resolveBase(engine, view, base === "" ? "HEAD" : base, request.branch);
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

async function resolveBase(
  engine: Engine,
  view: RefView,
  base: string,
  branch: string | undefined,
): Promise<Revision> {
  if (base === "HEAD" || base === "@") return await view.readHead(branch);
  if (base === "ORIG_HEAD") return { commit: await readOrigHead(engine, view), branch: null };
  const ago = /^@\{(\d{1,9})\}$/.exec(base);
  if (ago) return await operationsAgo(engine, view, Number(ago[1]), branch);
  const found = (await findNamed(engine, view, base)) ?? (await findByHash(engine, view, base));
  if (found !== null) return found;
  if (view.asOf !== null) {
    await resolveBase(engine, refsNow(engine), base, branch); // Refuses what is unknown now too, with near names.
    throw didNotExistThen(quote(base), base.slice(0, REF_CHARS_SHOWN));
  }
  throw await unknownRef(engine, base);
}

async function findNamed(engine: Engine, view: RefView, name: string): Promise<Revision | null> {
  const branch = await view.readRef("branch", name);
  if (branch && "commit" in branch) return { commit: branch.commit, branch: name };
  const tag = await view.readRef("tag", name);
  if (tag && "commit" in tag) return { commit: tag.commit, branch: null };
  if (name !== engine.settings.defaultBranch) return null;
  return { commit: null, branch: name }; // The default branch may be unborn.
}

async function findByHash(engine: Engine, view: RefView, text: string): Promise<Revision | null> {
  const { store, scope, limits } = engine;
  const hex = text.toLowerCase();
  if (isHash(hex)) {
    const [commit] = await view.known([hex]);
    return commit === undefined ? null : { commit, branch: null };
  }
  if (!/^[0-9a-f]{4,63}$/.test(hex)) return null;
  const candidates = await view.known(await store.findCommits(scope.tract, hex, limits.suggestionsMax + 1));
  if (candidates.length > 1) throw ambiguous(text, candidates.slice(0, limits.suggestionsMax));
  return candidates[0] === undefined ? null : { commit: candidates[0], branch: null };
}

async function readOrigHead(engine: Engine, view: RefView): Promise<Hash | null> {
  const origHead = await view.readRef("orig_head", engine.scope.worktree);
  if (origHead !== null) return commitOf(origHead);
  throw new TractError(
    "not-found",
    `there ${view.asOf === null ? "is" : "was"} no ORIG_HEAD in this worktree${view.asOf === null ? "" : " then"}`,
    {
      hint: "ORIG_HEAD exists after an operation that moved a branch back; use operations to see what was done.",
      data: { ref: "ORIG_HEAD" },
    },
  );
}

/** `@{n}`: where HEAD, or the branch that stands for it, was before the newest n operations of the tract. */
async function operationsAgo(
  engine: Engine,
  view: RefView,
  n: number,
  branch: string | undefined,
): Promise<Revision> {
  const newest = view.asOf ?? (await engine.store.findTract(engine.scope.tract))?.operationSequence ?? 0;
  if (n > newest) {
    throw new TractError("not-found", `@{${n}} goes beyond the first of ${newest} operations`, {
      hint: "Use a smaller number; status shows what was done last.",
      data: { operations: newest },
    });
  }
  const then = n === 0 ? view : refsAsOf(engine, newest - n);
  return { commit: (await then.readHead(branch)).commit, branch: null };
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
  const hex = ref.toLowerCase();
  if (isHash(hex) && (await readRemoved(engine, [hex])).length > 0) {
    return new TractError("not-found", `commit ${hex.slice(0, 12)} was removed by gc`, {
      hint: "Nothing led to it any more. query_ledger with event_type GC says when; operations with it are still listed.",
      data: { ref: hex, near },
    });
  }
  return new TractError(
    "not-found",
    `there is no branch, tag or commit ${quote(ref)} in tract ${JSON.stringify(scope.tract)}`,
    {
      hint: `${near.length > 0 ? `Did you mean ${near.join(" or ")}? ` : ""}See log for commits and branch (action list) for branches; a hash needs at least 4 of its first characters.`,
      data: { ref: ref.slice(0, REF_CHARS_SHOWN), near },
    },
  );
}

const REF_CHARS_SHOWN = 100;

function quote(ref: string): string {
  return JSON.stringify(ref.length > REF_CHARS_SHOWN ? `${ref.slice(0, REF_CHARS_SHOWN)}…` : ref);
}
