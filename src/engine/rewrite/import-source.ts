/** Reads the commits that import_commit copies: single ones and ranges, of this tract or of another one in the store (spec 3.4). */
import type { ContentTypeRecord, Hash } from "../../storage/records.ts";
import type { ChainCommit } from "../../storage/store.ts";
import { type Engine, withScope } from "../engine.ts";
import { TractError } from "../errors.ts";
import { linearize } from "../history/linearize.ts";
import { splitRange } from "../history/range.ts";
import { resolveCommit } from "../history/revision.ts";
import { invariant } from "../invariant.ts";
import { nearest } from "../nearest.ts";
import { type AnnotationOf, readNewestAnnotations } from "./newest-annotations.ts";
import { type RewriteWarning, short, warn } from "./rewrite-warning.ts";

export interface ImportRequest {
  /** Refs, and ranges `a..b` (what is behind b and not behind a); copied in the order given, each range in linear order. */
  readonly refs: readonly string[];
  /** Where they are; default: this tract. */
  readonly fromTract?: string | undefined;
  readonly branch?: string | undefined;
}

export interface ImportedCommits {
  /** null: this tract. */
  readonly tract: string | null;
  readonly rows: readonly ChainCommit[];
  readonly annotationOf: AnnotationOf;
  /** A commit of the same tract, with its content. */
  readonly read: (hash: Hash) => Promise<ChainCommit>;
  readonly warnings: readonly RewriteWarning[];
}

/**
 * @throws TractError `not-found` (a tract, with near names; a ref), `ambiguous-ref`, `invalid-argument` (no ref, one twice, an empty range, a
 *   merge or a reveal, too many).
 */
export async function readImportedCommits(engine: Engine, request: ImportRequest): Promise<ImportedCommits> {
  const { fromTract, refs } = request;
  const tract = fromTract === undefined || fromTract === engine.scope.tract ? null : fromTract;
  const source = tract === null ? engine : await otherTract(engine, tract);
  if (refs.length === 0) throw refused("refs needs at least one commit");
  const branch = tract === null ? request.branch : undefined;
  const rows: ChainCommit[] = [];
  const warnings: RewriteWarning[] = [];
  for (const ref of refs) {
    const range = splitRange(ref);
    if (range === null) {
      const row = await readRow(source, await resolveCommit(source, { ref, branch }));
      if (!isCopied(row)) throw uncopied(row);
      rows.push(row);
      continue;
    }
    const from = await resolveCommit(source, { ref: range.from, branch });
    const to = await resolveCommit(source, { ref: range.to, branch });
    const found = linearize(await source.store.readSide(source.scope.tract, to, from), to);
    if (found.length === 0)
      throw refused(`refs: nothing is behind ${short(to)} that is not behind ${short(from)}`, [from, to]);
    rows.push(...found.filter(isCopied));
    warnings.push(...passedOver(found.filter((row) => !isCopied(row))));
  }
  checkRows(engine, rows);
  return {
    tract,
    rows,
    annotationOf: await readNewestAnnotations(source, await engine.store.findTract(source.scope.tract)),
    read: (hash) => readRow(source, hash),
    warnings,
  };
}

/** Custom types among the contents that this tract does not know yet (spec 1.2). */
export async function readNewTypes(
  { scope, store }: Engine,
  from: string,
  used: ReadonlySet<string>,
): Promise<readonly ContentTypeRecord[]> {
  const known = new Set((await store.listContentTypes(scope.tract)).map(({ name }) => name));
  return (await store.listContentTypes(from)).filter(({ name }) => used.has(name) && !known.has(name));
}

async function otherTract(engine: Engine, name: string): Promise<Engine> {
  // HEAD of another tract is that of the worktree of the same name there, or its default branch.
  const source = withScope(engine, { tract: name, createWorktree: true });
  if ((await engine.store.findTract(name)) !== null) return source;
  const near = nearest(
    name,
    (await engine.store.listTracts()).map((tract) => tract.name),
  );
  throw new TractError("not-found", `there is no tract ${JSON.stringify(name)} in this store`, {
    hint:
      near.length > 0
        ? `Did you mean ${near.join(" or ")}?`
        : "Leave from_tract out to import from this tract.",
    data: { from_tract: name, near },
  });
}

async function readRow({ store, scope }: Engine, hash: Hash): Promise<ChainCommit> {
  const [commit] = await store.readCommits(scope.tract, [hash]);
  invariant(commit, "a resolved commit is in the store");
  const [content] = commit.contentHash === null ? [] : await store.readContents([commit.contentHash]);
  return { commit, body: content?.body ?? null, text: content?.text ?? null };
}

/** Merges and reveals say something of the history that they stand in, and nothing elsewhere. */
function isCopied({ commit }: ChainCommit): boolean {
  return commit.operation !== "merge" && commit.operation !== "reveal";
}

function passedOver(rows: readonly ChainCommit[]): readonly RewriteWarning[] {
  return rows.map(({ commit: { hash, operation } }) =>
    operation === "merge"
      ? warn("merge-flattened", `merge ${short(hash)} was passed over; what it joined comes along`, [hash])
      : warn("reveal-dropped", `reveal ${short(hash)} was passed over`, [hash]),
  );
}

function checkRows({ limits }: Engine, rows: readonly ChainCommit[]): void {
  const seen = new Set<Hash>();
  for (const { commit } of rows) {
    if (seen.has(commit.hash)) throw refused(`refs names commit ${short(commit.hash)} twice`, [commit.hash]);
    seen.add(commit.hash);
  }
  if (rows.length > limits.batchItemsMax)
    throw refused(`refs: ${rows.length} commits, at most ${limits.batchItemsMax} are imported at once`);
}

function uncopied({ commit: { hash, operation } }: ChainCommit): TractError {
  return refused(`refs: ${short(hash)} is a ${operation} and cannot be imported`, [hash]);
}

function refused(message: string, commits: readonly Hash[] = []): TractError {
  return new TractError("invalid-argument", `${message}; nothing was imported`, {
    hint: "Name commits with a content, each once; log with that tract's ref shows them.",
    data: { path: "refs", commits },
  });
}
