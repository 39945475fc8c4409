/** Lists the sessions of a tract with what they came to, or the entries of one in order (spec 4.2). */
import { z } from "zod";
import type { CommitRecord, Hash, LedgerRecord } from "../../storage/records.ts";
import { decodeCursor, encodeCursor, pageLimit } from "../cursor.ts";
import { cutText } from "../cut-text.ts";
import type { Engine } from "../engine.ts";
import { readSite } from "../history/snapshot.ts";
import { pagedQuery } from "../paged-query.ts";
import { unknownSession } from "./continue-session.ts";
import { type LedgerEntry, queryLedger } from "./query-ledger.ts";
import { readSessionEdge, type SessionState, stateOf } from "./session-states.ts";
import { type SessionTotals, sessionTotals } from "./session-totals.ts";
import { readText } from "./shown-texts.ts";

export interface SessionsRequest {
  /** Id of a session: its entries in order, with what was said. Default: the list of sessions. */
  readonly session?: string | undefined;
  /** 20, at most `limits.pageMax`. */
  readonly limit?: number | undefined;
  readonly cursor?: string | undefined;
}

export interface SessionEntry {
  readonly id: string;
  readonly state: SessionState;
  readonly startedAt: string;
  /** null while it is active, and for one whose end nobody has written yet. */
  readonly endedAt: string | null;
  readonly client: string | null;
  readonly turns: number;
  /** That its LLM calls are known to have used. */
  readonly tokens: number;
  readonly llmCalls: number;
  readonly toolCalls: number;
  /** Milliseconds during which it was open. */
  readonly elapsedMs: number;
  /** Beginning of its first user message, at most 160 characters; null when it has none. */
  readonly preview: string | null;
}

/** One of the two lists, as asked for. */
export interface SessionsPage {
  /** Newest first. */
  readonly sessions?: readonly SessionEntry[];
  /** In the order of writing. */
  readonly entries?: readonly LedgerEntry[];
  readonly nextCursor: string | null;
}

/**
 * Lists sessions, or replays one.
 *
 * @throws TractError `not-found` (session, with near ids), `invalid-argument` (limit, a cursor of another list).
 */
export async function sessions(engine: Engine, request: SessionsRequest = {}): Promise<SessionsPage> {
  await readSite(engine, {}); // An unknown worktree is refused by every operation.
  return request.session === undefined
    ? await listSessions(engine, request)
    : await replay(engine, request.session, request);
}

async function listSessions(engine: Engine, request: SessionsRequest): Promise<SessionsPage> {
  const { limits, scope, store } = engine;
  const limit = pageLimit(limits, request.limit);
  const paged = pagedQuery(engine, "sessions", {});
  const after = request.cursor === undefined ? null : decodeCursor(request.cursor, paged, SEQUENCE);
  const starts = await store.readLedger(scope.tract, {
    eventTypes: ["SESSION_START"],
    decision: "STARTED",
    ...(after === null ? {} : { afterSequence: after }),
    order: "desc",
    limit: limit + 1,
  });
  const shown = starts.slice(0, limit);
  const listed: SessionEntry[] = [];
  for (const start of shown) listed.push(await describe(engine, start));
  const last = shown.at(-1);
  return {
    sessions: listed,
    nextCursor: starts.length > limit && last ? encodeCursor(paged, last.sequence) : null,
  };
}

const SEQUENCE: z.ZodType<number> = z.int().min(1);

async function describe(engine: Engine, start: LedgerRecord): Promise<SessionEntry> {
  const id = start.submissionId;
  const edge = (await readSessionEdge(engine, id)) ?? start;
  const state = stateOf(engine, edge);
  const { turnCount, totalCost } = await totalsOf(engine, id, edge, state);
  const { client } = start.metadata;
  return {
    id,
    state,
    startedAt: start.timestamp,
    endedAt: edge.eventType === "SESSION_END" ? edge.timestamp : null,
    client: typeof client === "string" ? client : null,
    turns: turnCount,
    tokens: totalCost.total_tokens,
    llmCalls: totalCost.llm_calls,
    toolCalls: totalCost.tool_calls,
    elapsedMs: totalCost.elapsed_ms,
    preview: await readPreview(engine, id),
  };
}

async function totalsOf(
  engine: Engine,
  id: string,
  edge: LedgerRecord,
  state: SessionState,
): Promise<SessionTotals> {
  if (edge.eventType === "SESSION_END") return readTotals(edge);
  if (state === "active") return await sessionTotals(engine, id, new Date(engine.clock()).toISOString());
  const newest = { sessionId: id, order: "desc", limit: 1 } as const;
  const [last] = await engine.store.readLedger(engine.scope.tract, newest);
  return await sessionTotals(engine, id, (last ?? edge).timestamp);
}

const NUMBER = z.int().min(0).catch(0);
const COST = z.object({
  input_tokens: NUMBER,
  output_tokens: NUMBER,
  total_tokens: NUMBER,
  llm_calls: NUMBER,
  tool_calls: NUMBER,
  elapsed_ms: NUMBER,
});

function readTotals({ metadata }: LedgerRecord): SessionTotals {
  const cost = COST.safeParse(metadata.total_cost);
  return {
    turnCount: NUMBER.parse(metadata.turn_count),
    totalCost: cost.success ? cost.data : COST.parse({}),
  };
}

const PREVIEW_CHARS = 160;
/** Commits at the beginning of a session that are looked at for its first user message. */
const COMMITS_LOOKED_AT = 5;

async function readPreview(engine: Engine, id: string): Promise<string | null> {
  const first = { submissionId: id, eventTypes: ["TURN_RECORDED"], order: "asc", limit: 1 } as const;
  const [turn] = await engine.store.readLedger(engine.scope.tract, first);
  const named = turn?.metadata.user_message;
  const hash = typeof named === "string" ? (named as Hash) : await firstUserContent(engine, id); // Entries hold whole hashes.
  const text = hash === null ? null : await readText(engine, hash);
  return text === null ? null : cutText(text.replace(/\s+/gu, " ").trim(), PREVIEW_CHARS);
}

/** Of a session whose messages came one by one. */
async function firstUserContent({ scope, store }: Engine, id: string): Promise<Hash | null> {
  const entries = await store.readLedger(scope.tract, {
    sessionId: id,
    eventTypes: ["OPERATION"],
    decision: "commit",
    order: "asc",
    limit: COMMITS_LOOKED_AT,
  });
  for (const { submissionId } of entries) {
    const operation = await store.findOperation(scope.tract, submissionId);
    const made = await store.readCommits(scope.tract, operation?.results.slice(0, COMMITS_LOOKED_AT) ?? []);
    const spoken = made.find(isUserMessage);
    if (spoken?.contentHash != null) return spoken.contentHash;
  }
  return null;
}

function isUserMessage({ role, operation }: CommitRecord): boolean {
  return role === "user" && operation === "append";
}

/** Entries of other sessions about this one (nobody else ends it) stand in its name, too, so one filter finds all. */
async function replay(
  engine: Engine,
  session: string,
  { limit, cursor }: SessionsRequest,
): Promise<SessionsPage> {
  const page = await queryLedger(engine, { session, order: "asc", limit, cursor });
  if (page.count === 0) throw await unknownSession(engine, session);
  return { entries: page.entries, nextCursor: page.nextCursor };
}
