/** Lists commits, newest first, in pages that cost the same however deep they lie (spec 3.1). */
import { z } from "zod";
import type { CommitRecord, Hash, Json, Priority } from "../../storage/records.ts";
import type { CommitFilter } from "../../storage/store.ts";
import { isHash } from "../content/hashes.ts";
import { storedText } from "../content/parse-content.ts";
import { decodeCursor, encodeCursor, pageLimit } from "../cursor.ts";
import type { Engine } from "../engine.ts";
import { pagedQuery } from "../paged-query.ts";
import { type CommitEntry, commitEntries } from "./commit-entry.ts";
import { type CommitFilterRequest, listOf, type OneOrMore, readCommitFilter } from "./commit-filter.ts";
import { splitRange } from "./range.ts";
import { resolveRef } from "./revision.ts";

export interface LogRequest extends CommitFilterRequest {
  /** A commit to start from, or a range `a..b`: what b has and a has not. Default: HEAD. */
  readonly ref?: string | undefined;
  /** What HEAD means; default: the worktree's branch. */
  readonly branch?: string | undefined;
  /** Entries of a page: 20, at most `limits.pageMax`. */
  readonly limit?: number | undefined;
  readonly cursor?: string | undefined;
  /** Any of these labels, given at commit time or later. */
  readonly label?: OneOrMore<string> | undefined;
  /** The priority in force. */
  readonly priority?: OneOrMore<Priority> | undefined;
  /** Part of the message or of the content's text, in any case. */
  readonly text?: string | undefined;
  /** true (default): the first-parent chain. false: merged commits too; `branch` of each entry tells where it was made. */
  readonly firstParent?: boolean | undefined;
}

export interface LogResult {
  readonly entries: readonly CommitEntry[];
  /**
   * null at the end. A page may be short, or empty, and still have one: a page with a filter on label, priority or text looks at no more
   * than `limits.logScanMax` commits, and the next page goes on from there.
   */
  readonly nextCursor: string | null;
}

/**
 * Lists the history behind a ref. An unborn branch has none.
 *
 * @throws TractError `not-found`, `ambiguous-ref`, `invalid-argument` (limit, times, content type, a cursor of another query).
 */
export async function log(engine: Engine, request: LogRequest = {}): Promise<LogResult> {
  const limit = pageLimit(engine.limits, request.limit);
  const filter = await readCommitFilter(engine, request);
  const { cursor, limit: _, ...query } = request;
  const paged = pagedQuery(engine, "log", query);
  const start =
    cursor === undefined ? await readStart(engine, request) : decodeCursor(cursor, paged, POSITION);
  if (start === null) return { entries: [], nextCursor: null };
  const page = await readPage(engine, { start, filter, request, limit });
  return {
    entries: page.entries,
    nextCursor: page.after === null ? null : encodeCursor(paged, positionAfter(page.after, start, request)),
  };
}

/** What a page starts from. The ends are resolved once: pages go on through the same history while branches move. */
type Position = { readonly head: Hash; readonly exclude: Hash | null; readonly after: Hash | null };

const hash = z.custom<Hash>((value) => typeof value === "string" && isHash(value));
const POSITION: z.ZodType<Position> = z
  .tuple([hash, hash.nullable(), hash.nullable()])
  .transform(([head, exclude, after]) => ({ head, exclude, after }));

/** Where the next page starts, as short as may be: along first parents all that is left lies behind `after` itself. */
function positionAfter(after: Hash, { head, exclude }: Position, { firstParent = true }: LogRequest): Json {
  return [firstParent ? after : head, exclude, after];
}

/** null when there is no history. */
async function readStart(engine: Engine, { ref, branch }: LogRequest): Promise<Position | null> {
  const range = ref === undefined ? null : splitRange(ref);
  const head = await resolveRef(engine, { ref: range?.to ?? ref, branch });
  const exclude = range === null ? null : await resolveRef(engine, { ref: range.from, branch });
  return head.commit === null ? null : { head: head.commit, exclude: exclude?.commit ?? null, after: null };
}

interface Page {
  readonly entries: readonly CommitEntry[];
  /** Where the next page starts; null at the end. */
  readonly after: Hash | null;
}

interface PageRequest {
  readonly start: Position;
  readonly filter: CommitFilter;
  readonly request: LogRequest;
  readonly limit: number;
}

/** Commits looked at in one read when only some will be entries. */
const SCAN_BATCH = 200;

async function readPage(engine: Engine, { start, filter, request, limit }: PageRequest): Promise<Page> {
  const { head, exclude } = start;
  const firstParent = request.firstParent ?? true;
  const matches = matcher(request);
  // One more than the page holds tells whether there is a next one.
  const batch = matches === null ? limit + 1 : Math.min(SCAN_BATCH, engine.limits.logScanMax);
  const entries: CommitEntry[] = [];
  let { after } = start;
  for (let scanned = 0; scanned < engine.limits.logScanMax; scanned += batch) {
    const query = {
      ...filter,
      head,
      firstParent,
      ...(exclude && { exclude }),
      ...(after && { after }),
      limit: batch,
    };
    const rows = await engine.store.readLog(engine.scope.tract, query);
    entries.push(...(matches === null ? await commitEntries(engine, rows) : await matches(engine, rows)));
    const last = entries[limit - 1];
    if (entries.length > limit && last !== undefined)
      return { entries: entries.slice(0, limit), after: last.hash };
    if (rows.length < batch) return { entries, after: null };
    after = rows.at(-1)?.hash ?? null;
  }
  return { entries, after };
}

type Matcher = (engine: Engine, rows: readonly CommitRecord[]) => Promise<readonly CommitEntry[]>;

/** Keeps what passes the filters that stores do not know; null when there are none. */
function matcher(request: LogRequest): Matcher | null {
  const labels = listOf(request.label);
  const priorities = listOf(request.priority);
  const text = request.text?.toLowerCase();
  if (labels === undefined && priorities === undefined && text === undefined) return null;
  return async (engine, rows) => {
    const worded = text === undefined ? rows : await withText(engine, rows, text);
    return (await commitEntries(engine, worded)).filter(
      (entry) =>
        (labels === undefined || entry.labels.some((label) => labels.includes(label))) &&
        (priorities === undefined || priorities.includes(entry.priority)),
    );
  };
}

/** Contents held in memory at a time: each may be as large as `limits.contentBytesMax`. */
const TEXT_BATCH = 20;

async function withText(
  { store }: Engine,
  rows: readonly CommitRecord[],
  text: string,
): Promise<readonly CommitRecord[]> {
  const isInMessage = (row: CommitRecord): boolean => row.message.toLowerCase().includes(text);
  const unsure = rows.flatMap((row) => (isInMessage(row) ? [] : (row.contentHash ?? [])));
  const hashes = [...new Set(unsure)];
  const found = new Set<Hash>();
  for (let start = 0; start < hashes.length; start += TEXT_BATCH)
    for (const content of await store.readContents(hashes.slice(start, start + TEXT_BATCH)))
      if (storedText(content).toLowerCase().includes(text)) found.add(content.hash);
  return rows.filter((row) => isInMessage(row) || (row.contentHash !== null && found.has(row.contentHash)));
}
