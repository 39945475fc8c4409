/** Shows commits whole: content, annotations, edits, and the operation and ledger entry that made them (spec 3.1). */
import type { AnnotationRecord, Hash } from "../../storage/records.ts";
import type { AnyContent } from "../content/content-types.ts";
import { readContent, storedText } from "../content/parse-content.ts";
import { pageLimit } from "../cursor.ts";
import { boundary } from "../cut-text.ts";
import type { Engine } from "../engine.ts";
import { TractError } from "../errors.ts";
import { invariant } from "../invariant.ts";
import { type CommitEntry, commitEntries } from "./commit-entry.ts";
import { type CommitOrigin, readCommitOrigin } from "./commit-origin.ts";
import { type Coverage, readCoverage } from "./coverage.ts";
import { splitRange } from "./range.ts";
import { resolveCommit } from "./revision.ts";
import { readRange } from "./show-range.ts";
import { readSite } from "./snapshot.ts";

export interface ShowRequest {
  /** Commits by any ref expression, or one range `a..b` as in a stub of compile: both ends included, oldest first. */
  readonly refs: readonly string[];
  /** What HEAD means; default: the worktree's branch. */
  readonly branch?: string | undefined;
  /** Where to start: of one commit a character of its text, of several or a range a commit. Default: 0. */
  readonly offset?: number | undefined;
  /** How many characters, or commits, to give. Default: all the text of one commit; of several commits 20. */
  readonly limit?: number | undefined;
}

/** Characters are UTF-16 units; no surrogate pair is ever split. */
export interface TextPart {
  readonly text: string;
  readonly offset: number;
  readonly totalChars: number;
}

export interface ShownCommit extends CommitEntry, CommitOrigin {
  /** null for a merge and a reveal, and where `part` is given instead. */
  readonly content: AnyContent | null;
  /** A piece of the content's text, when offset or limit asked for one. */
  readonly part: TextPart | null;
  /** All rows, oldest first: the last one is in force. */
  readonly annotations: readonly AnnotationRecord[];
  /** Edits of this commit in the history of HEAD, oldest first: compile shows the last one. */
  readonly edits: readonly CommitEntry[];
  /** The summary that compile shows in its place at HEAD; null: none. */
  readonly coveredBy: Hash | null;
}

export interface ShowResult {
  readonly commits: readonly ShownCommit[];
  /** How many commits the refs mean; more than `commits` when there are further pages. */
  readonly total: number;
  /** `offset` of the next page, in the unit of this one; null at the end. */
  readonly nextOffset: number | null;
}

/**
 * Shows one commit, several, or a range.
 *
 * @throws TractError `not-found`, `ambiguous-ref`, `invalid-argument` (no refs, ends of a range that are not on one first-parent chain).
 */
export async function show(engine: Engine, request: ShowRequest): Promise<ShowResult> {
  const offset = readOffset(request.offset);
  const [first, second] = request.refs;
  if (first === undefined) throw invalid("refs", "at least one commit");
  const range = second === undefined ? splitRange(first) : null;
  if (second === undefined && range === null) return await showOne(engine, request, first, offset);
  const limit = pageLimit(engine.limits, request.limit);
  const { hashes, total } =
    range === null
      ? { hashes: await readSeveral(engine, request, offset, limit), total: request.refs.length }
      : await readRange(engine, { range, branch: request.branch, offset, limit });
  const commits = await describe(engine, request.branch, hashes);
  return { commits, total, nextOffset: offset + limit < total ? offset + limit : null };
}

async function showOne(
  engine: Engine,
  { branch, limit, offset: asked }: ShowRequest,
  ref: string,
  offset: number,
): Promise<ShowResult> {
  const hash = await resolveCommit(engine, { ref, branch });
  const [commit] = await describe(engine, branch, [hash]);
  invariant(commit, "a resolved commit is in the store");
  if ((asked === undefined && limit === undefined) || commit.contentHash === null)
    return { commits: [commit], total: 1, nextOffset: null };
  const part = await readPart(engine, commit.contentHash, offset, limit);
  const end = part.offset + part.text.length;
  return {
    commits: [{ ...commit, content: null, part }],
    total: 1,
    nextOffset: end < part.totalChars ? end : null,
  };
}

async function readPart(
  engine: Engine,
  contentHash: Hash,
  offset: number,
  limit: number | undefined,
): Promise<TextPart> {
  if (limit !== undefined && (!Number.isSafeInteger(limit) || limit < 1))
    throw invalid("limit", "a whole number of characters, at least 1");
  const [content] = await engine.store.readContents([contentHash]);
  invariant(content, "the content of a commit is in the store");
  const text = storedText(content);
  const start = boundary(text, Math.min(offset, text.length));
  const end = limit === undefined ? text.length : boundary(text, Math.min(start + limit, text.length));
  // A limit of 1 may fall into a pair: then the pair is given whole, so that reading on ends.
  return { text: text.slice(start, end > start ? end : start + 2), offset: start, totalChars: text.length };
}

async function readSeveral(
  engine: Engine,
  { refs, branch }: ShowRequest,
  offset: number,
  limit: number,
): Promise<readonly Hash[]> {
  const hashes: Hash[] = [];
  for (const ref of refs.slice(offset, offset + limit)) {
    if (splitRange(ref) !== null) throw invalid("refs", "a range alone, or several commits without one");
    hashes.push(await resolveCommit(engine, { ref, branch }));
  }
  return hashes;
}

async function describe(
  engine: Engine,
  branch: string | undefined,
  hashes: readonly Hash[],
): Promise<readonly ShownCommit[]> {
  const { scope, store } = engine;
  const { head } = await readSite(engine, { branch });
  const coverage = await readCoverage(engine, head?.hash ?? null);
  const entries = await commitEntries(engine, await store.readCommits(scope.tract, hashes));
  const shown: ShownCommit[] = [];
  for (const entry of entries) {
    const rows = head === null ? [] : await store.readEdits(scope.tract, entry.hash, head.hash);
    const edits = rows.filter(({ operation }) => operation === "edit"); // A reveal has its summary as target.
    shown.push({
      ...entry,
      content: await readWhole(engine, entry.contentHash),
      part: null,
      annotations: await store.readCommitAnnotations(scope.tract, entry.hash),
      edits: await commitEntries(engine, edits),
      coveredBy: coveringSummary(coverage, entry),
      ...(await readCommitOrigin(engine, entry)),
    });
  }
  return shown;
}

async function readWhole({ store }: Engine, hash: Hash | null): Promise<AnyContent | null> {
  const [content] = hash === null ? [] : await store.readContents([hash]);
  return content === undefined ? null : readContent(content);
}

/** What a pinned commit is covered by does not hide it, unless it was made to. */
function coveringSummary(
  { covers }: Coverage,
  { hash, operation, editTarget, priority }: CommitEntry,
): Hash | null {
  const cover = covers.get(operation === "edit" ? (editTarget ?? hash) : hash);
  if (cover === undefined || (priority === "pinned" && !cover.isFirm)) return null;
  return cover.by;
}

function readOffset(offset = 0): number {
  if (Number.isSafeInteger(offset) && offset >= 0) return offset;
  throw invalid("offset", "a whole number, at least 0");
}

function invalid(path: string, expected: string): TractError {
  return new TractError("invalid-argument", `${path}: expected ${expected}`, {
    hint: "Correct this argument and call again.",
    data: { path, expected },
  });
}
