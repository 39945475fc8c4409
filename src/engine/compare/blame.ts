/** Says which commits a piece of compiled text comes from, and who made them, how and when (spec 3.1). */
import type { Author, CommitOperation, CommitRecord, Hash, JsonObject } from "../../storage/records.ts";
import { resolvePoint } from "../compile/point.ts";
import type { Engine } from "../engine.ts";
import { TractError } from "../errors.ts";
import { readCommitOrigin } from "../history/commit-origin.ts";
import { summaryContentOf } from "../history/coverage.ts";
import { resolveCommit } from "../history/revision.ts";
import { type ContextView, readContextView } from "./context-view.ts";
import { findText, type MatchKind } from "./find-text.ts";
import { type Showing, showingOf } from "./showing.ts";

export interface BlameRequest {
  /** A piece of one message. Either this or `ref`. */
  readonly text?: string | undefined;
  /** A commit. */
  readonly ref?: string | undefined;
  /** Whose context is looked at; default: HEAD's. */
  readonly branch?: string | undefined;
}

export interface Origin extends Showing {
  readonly commit: Hash;
  readonly commitOperation: CommitOperation;
  readonly editTarget: Hash | null;
  readonly contentType: string | null;
  readonly role: string | null;
  readonly message: string;
  /** The operation that made it. */
  readonly operation: { readonly id: string; readonly type: string } | null;
  readonly author: Author;
  readonly generationConfig: JsonObject | null;
  readonly ledgerId: string | null;
  readonly branch: string;
  readonly createdAt: string;
  /** Of a summary: the first of the commits that it stands for, at most `limits.pageMax`. Else none. */
  readonly sources: readonly Hash[];
  /** How many it stands for. */
  readonly sourceCount: number;
}

export interface BlameResult {
  /** Newest first; at most `limits.blameOriginsMax`. */
  readonly origins: readonly Origin[];
  /** How many there are. */
  readonly total: number;
  /** `folded`: found only with all white space taken as equal. */
  readonly match: MatchKind | "commit";
}

/**
 * Finds the origins of a text in the compiled context, or, where it shows in none of its messages, among what the context hides.
 *
 * @throws TractError `not-found` (the text, or the ref with near names), `ambiguous-ref`, `invalid-argument` (not just one of text and ref).
 */
export async function blame(engine: Engine, request: BlameRequest): Promise<BlameResult> {
  const { text, ref, branch } = request;
  if ((text === undefined) === (ref === undefined)) throw invalid("text", "either a text or a ref");
  if (text !== undefined && text.trim() === "") throw invalid("text", "a text that is not blank");
  const { tract, head, annotationSequence } = await resolvePoint(engine, { branch });
  const encoding = tract?.encoding ?? engine.settings.encoding;
  const point = { tract: engine.scope.tract, encoding, head, annotationSequence };
  if (text === undefined) {
    const commit = await resolveCommit(engine, { ref, branch });
    const view = await readContextView(engine, point);
    return { origins: await describe(engine, { view, head }, [commit]), total: 1, match: "commit" };
  }
  const view = await readContextView(engine, point);
  const found = await findText(engine, { view, head, text });
  if (found === null) throw notFound(engine.scope.tract, branch);
  const newest = found.commits.toReversed().slice(0, engine.limits.blameOriginsMax);
  const origins = await describe(engine, { view, head }, newest);
  return { origins, total: found.commits.length, match: found.kind };
}

interface Place {
  readonly view: ContextView;
  readonly head: Hash | null;
}

async function describe(
  engine: Engine,
  { view, head }: Place,
  hashes: readonly Hash[],
): Promise<readonly Origin[]> {
  const origins: Origin[] = [];
  for (const commit of await engine.store.readCommits(engine.scope.tract, hashes)) {
    const { madeBy, ledgerId } = await readCommitOrigin(engine, commit);
    const sources = await readSources(engine, commit);
    origins.push({
      commit: commit.hash,
      commitOperation: commit.operation,
      editTarget: commit.editTarget,
      contentType: commit.contentType,
      role: commit.role,
      message: commit.message,
      operation: madeBy,
      author: commit.author,
      generationConfig: commit.generationConfig,
      ledgerId,
      branch: commit.branch,
      createdAt: commit.createdAt,
      sources: sources.slice(0, engine.limits.pageMax),
      sourceCount: sources.length,
      ...(await showingOf(engine, { view, head }, commit)),
    });
  }
  return origins;
}

/** An edit of a summary keeps its sources. */
async function readSources({ store }: Engine, commit: CommitRecord): Promise<readonly Hash[]> {
  if (commit.contentType !== "summary" || commit.contentHash === null) return [];
  const [content] = await store.readContents([commit.contentHash]);
  if (content === undefined) return [];
  const { body, text } = content;
  return summaryContentOf({ commit, body, text }).sources as readonly Hash[]; // The schema of the content type says so.
}

function notFound(tract: string, branch: string | undefined): TractError {
  const where = branch === undefined ? "HEAD" : JSON.stringify(branch);
  return new TractError(
    "not-found",
    `no commit behind ${where} of tract ${JSON.stringify(tract)} has this text`,
    {
      hint: "Give a shorter piece of one message, as compile shows it; search finds words on all branches.",
      data: { branch: branch ?? null },
    },
  );
}

function invalid(path: string, expected: string): TractError {
  return new TractError("invalid-argument", `${path}: expected ${expected}`, {
    hint: "Give a piece of compiled text as text, or a commit as ref.",
    data: { path, expected },
  });
}
