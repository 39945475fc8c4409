/** Finds commits by how they were generated, newest first, in pages (spec 4.5; spec 9, 28). */
import { z } from "zod";
import type { Hash, UsageRecord } from "../../storage/records.ts";
import type { ConfigQuery } from "../../storage/store.ts";
import { isHash } from "../content/hashes.ts";
import { decodeCursor, encodeCursor, pageLimit } from "../cursor.ts";
import type { Engine } from "../engine.ts";
import { pagedQuery } from "../paged-query.ts";
import { type CommitEntry, commitEntries } from "./commit-entry.ts";
import { type CommitFilterRequest, readCommitFilter } from "./commit-filter.ts";
import { type ConditionRequest, readConditions } from "./config-conditions.ts";
import { splitRange } from "./range.ts";
import { resolveRef } from "./revision.ts";

export interface QueryByConfigRequest extends CommitFilterRequest {
  /** All must hold. */
  readonly conditions?: readonly ConditionRequest[] | undefined;
  /** A whole config: equality on every field given, and on every key of its extra values. */
  readonly config?: object | undefined;
  /** A commit to start from, or a range `a..b`. Without it and `branch`: all of the tract. */
  readonly ref?: string | undefined;
  /** The history of this branch; with `ref`, what HEAD means there. */
  readonly branch?: string | undefined;
  /** true (default): the first-parent chain of ref or branch. false: merged commits too. */
  readonly firstParent?: boolean | undefined;
  /** Entries of a page: 20, at most `limits.pageMax`. */
  readonly limit?: number | undefined;
  readonly cursor?: string | undefined;
}

/** A commit with a generation config. */
export interface GeneratedEntry extends CommitEntry {
  /** What the API reported of the call; null when nobody recorded it. */
  readonly usage: CallUsage | null;
  /** Entry of the operation that made it. */
  readonly ledgerId: string | null;
}

export type CallUsage = Pick<UsageRecord, "promptTokens" | "completionTokens">;

export interface GeneratedPage {
  readonly entries: readonly GeneratedEntry[];
  /** null at the end. A page looks at about `limits.configScanMax` commits at most: it may be short, or empty, and still have one. */
  readonly nextCursor: string | null;
}

/**
 * Lists the commits whose own generation config meets conditions.
 *
 * @throws TractError `invalid-argument` (conditions, limit, times, a cursor of another query), `not-found`, `ambiguous-ref`.
 * @example
 * await queryByConfig(engine, { conditions: [{ field: "temperature", op: ">", value: 0.5 }] });
 */
export async function queryByConfig(engine: Engine, request: QueryByConfigRequest): Promise<GeneratedPage> {
  const limit = pageLimit(engine.limits, request.limit);
  const conditions = readConditions(engine.limits, request);
  const filter = await readCommitFilter(engine, request);
  const { cursor, limit: _, config: __, ...query } = request;
  const paged = pagedQuery(engine, "query_by_config", { ...query, conditions });
  const start =
    cursor === undefined ? await readStart(engine, request) : decodeCursor(cursor, paged, POSITION);
  if (start === null) return { entries: [], nextCursor: null };
  // One more than the page holds tells whether there is a next one.
  const { commits, next } = await engine.store.readByConfig(engine.scope.tract, {
    ...filter,
    ...scopeOf(start, request),
    conditions,
    limit: limit + 1,
    scanMax: engine.limits.configScanMax,
  });
  const shown = commits.slice(0, limit);
  const after = commits.length > limit ? (shown.at(-1)?.hash ?? null) : next;
  const { head, exclude } = start;
  return {
    entries: await enrich(engine, await commitEntries(engine, shown)),
    nextCursor: after === null ? null : encodeCursor(paged, [head, exclude, after]),
  };
}

/** What a page starts from; a head of null stands for the whole tract. The ends are resolved once: branches may move between pages. */
interface Position {
  readonly head: Hash | null;
  readonly exclude: Hash | null;
  readonly after: Hash | null;
}

const hash = z.custom<Hash>((value) => typeof value === "string" && isHash(value)).nullable();
const POSITION: z.ZodType<Position> = z
  .tuple([hash, hash, hash])
  .transform(([head, exclude, after]) => ({ head, exclude, after }));

/** null when there is no history. */
async function readStart(engine: Engine, { ref, branch }: QueryByConfigRequest): Promise<Position | null> {
  if (ref === undefined && branch === undefined) return { head: null, exclude: null, after: null };
  const range = ref === undefined ? null : splitRange(ref);
  const head = await resolveRef(engine, { ref: range?.to ?? ref, branch });
  const exclude = range === null ? null : await resolveRef(engine, { ref: range.from, branch });
  return head.commit === null ? null : { head: head.commit, exclude: exclude?.commit ?? null, after: null };
}

function scopeOf(
  { head, exclude, after }: Position,
  { firstParent = true }: QueryByConfigRequest,
): Pick<ConfigQuery, "head" | "exclude" | "firstParent" | "after"> {
  return {
    ...(head && { head, firstParent }),
    ...(exclude && { exclude }),
    ...(after && { after }),
  };
}

async function enrich(engine: Engine, entries: readonly CommitEntry[]): Promise<readonly GeneratedEntry[]> {
  const hashes = entries.map((entry) => entry.hash);
  const usages = await engine.store.readUsages(engine.scope.tract, hashes);
  const byCommit = new Map(usages.map((usage) => [usage.commit, usage]));
  const ledgerIds = await engine.store.readEntryIds(
    engine.scope.tract,
    entries.map((entry) => entry.operationId),
  );
  return entries.map((entry, index) => {
    const usage = byCommit.get(entry.hash);
    return {
      ...entry,
      usage: usage === undefined ? null : callUsage(usage),
      ledgerId: ledgerIds[index] ?? null,
    };
  });
}

function callUsage({ promptTokens, completionTokens }: UsageRecord): CallUsage {
  return { promptTokens, completionTokens };
}
