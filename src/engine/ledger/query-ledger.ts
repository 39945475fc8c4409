/** Reads the ledger by filters, in pages, with metadata as short as the caller wants it (spec 4.3; spec 9, 23 and 24). */
import { z } from "zod";
import type { JsonObject, LedgerRecord } from "../../storage/records.ts";
import type { LedgerQuery } from "../../storage/store.ts";
import { decodeCursor, encodeCursor, pageLimit } from "../cursor.ts";
import type { Engine } from "../engine.ts";
import { TractError } from "../errors.ts";
import { given, listOf, type OneOrMore } from "../history/commit-filter.ts";
import { resolveCommit } from "../history/revision.ts";
import { readSettings } from "../history/settings.ts";
import { readSite } from "../history/snapshot.ts";
import { readTimeBounds, type TimeBoundsRequest } from "../history/time-bounds.ts";
import { nearest } from "../nearest.ts";
import { pagedQuery } from "../paged-query.ts";
import { type LedgerEvent, ledgerMetadata } from "./entry.ts";
import { excerptText, excerptValues } from "./excerpt.ts";
import { type Aggregate, type LedgerTotals, ledgerTotals } from "./ledger-totals.ts";
import { readShownTexts, type ShowTexts } from "./shown-texts.ts";

/** keys: names only. excerpt: long values cut. full: everything whole, the reason too, and the messages of prompts. */
export type MetadataMode = "keys" | "excerpt" | "full";

/** Each that is given must hold. */
export interface QueryLedgerRequest extends TimeBoundsRequest {
  readonly eventType?: OneOrMore<string> | undefined;
  /** Id of the operation, session or whatever else the event was about. */
  readonly submissionId?: string | undefined;
  /** Id of the session whose calls made the entries. */
  readonly session?: string | undefined;
  readonly decision?: string | undefined;
  /** Name of the tool that was called. */
  readonly tool?: string | undefined;
  /** Name of the model: its calls, and turns that it answered. */
  readonly model?: string | undefined;
  /** A ref: entries of operations that made or used this commit. */
  readonly commit?: string | undefined;
  /** Entries that name this branch: its operations and turns, and what chat and generate asked. It is also what HEAD means in `commit`. */
  readonly branch?: string | undefined;
  /** Part of the reason, the decision or the metadata, in any case. */
  readonly text?: string | undefined;
  /** Default: excerpt. */
  readonly metadata?: MetadataMode | undefined;
  /** Sums over all entries that match, in place of the entries; `limit` is then that of the groups. */
  readonly aggregate?: Aggregate | undefined;
  /** Default: desc, newest first. */
  readonly order?: "asc" | "desc" | undefined;
  /** Entries of a page: 20, at most `limits.pageMax`. */
  readonly limit?: number | undefined;
  readonly cursor?: string | undefined;
  /** Ends an aggregate, which may have much to read. */
  readonly signal?: AbortSignal | undefined;
}

export interface LedgerEntry {
  readonly seq: number;
  readonly id: string;
  readonly eventType: string;
  readonly submissionId: string;
  readonly decision: string;
  readonly reason: string;
  readonly timestamp: string;
  readonly promptsUsed: readonly string[];
  /** Sorted; `provenance` is one of them. */
  readonly metadataKeys: readonly string[];
  /** Left out in mode keys. */
  readonly metadata?: JsonObject;
}

export interface LedgerPage {
  readonly entries: readonly LedgerEntry[];
  /** Entries that match on all pages together. */
  readonly count: number;
  readonly nextCursor: string | null;
  /** Only with `aggregate`. */
  readonly totals?: LedgerTotals;
}

/**
 * Reads a page of the ledger.
 *
 * @throws TractError `invalid-argument` (limit, times, event type, a cursor of another query), `not-found`, `ambiguous-ref`.
 */
export async function queryLedger(engine: Engine, request: QueryLedgerRequest = {}): Promise<LedgerPage> {
  const { scope, store } = engine;
  const { cursor, signal, limit: _, metadata: __, ...query } = request;
  const limit = pageLimit(engine.limits, request.limit);
  const filter = await readFilter(engine, request);
  if (request.aggregate !== undefined) {
    const totals = await ledgerTotals(engine, { by: request.aggregate, filter, groupsMax: limit, signal });
    return { entries: [], count: await store.countLedger(scope.tract, filter), nextCursor: null, totals };
  }
  const paged = pagedQuery(engine, "ledger", query);
  const afterSequence = cursor === undefined ? undefined : decodeCursor(cursor, paged, POSITION);
  const order = request.order ?? "desc";
  const page = { ...filter, ...given("afterSequence", afterSequence), order, limit: limit + 1 };
  const records = await store.readLedger(scope.tract, page);
  const shown = records.slice(0, limit);
  const lengths = await readLengths(engine, request.branch);
  const mode = request.metadata ?? "excerpt";
  const texts = await readShownTexts(engine, mode === "keys" ? [] : shown, { prompts: mode === "full" });
  const last = shown.at(-1);
  return {
    entries: shown.map((record) => showEntry(record, { mode, lengths, texts })),
    count: await store.countLedger(scope.tract, filter),
    nextCursor: records.length > limit && last ? encodeCursor(paged, last.sequence) : null,
  };
}

const POSITION: z.ZodType<number> = z.int().min(0);

/** A record, so that a new kind of event cannot be forgotten here. */
const EVENTS: Readonly<Record<LedgerEvent, true>> = {
  GENESIS: true,
  OPERATION: true,
  IMPORTED: true,
  BUDGET: true,
  PROPOSAL: true,
  POLICY: true,
  GC: true,
  VERIFIED: true,
  LLM_CALL: true,
  SESSION_START: true,
  SESSION_END: true,
  TURN_RECORDED: true,
  TOOL_CALL: true,
  ORCHESTRATION: true,
};

type LedgerFilter = Omit<LedgerQuery, "order" | "limit" | "afterSequence">;

async function readFilter(engine: Engine, request: QueryLedgerRequest): Promise<LedgerFilter> {
  const eventTypes = listOf(request.eventType);
  for (const event of eventTypes ?? []) if (!Object.hasOwn(EVENTS, event)) throw unknownEvent(event);
  const { submissionId, session, decision, tool, model, text, commit, branch } = request;
  if (branch !== undefined) await readSite(engine, { branch }); // An unknown one is refused.
  return {
    ...given("eventTypes", eventTypes),
    ...given("submissionId", submissionId),
    ...given("sessionId", session),
    ...given("decision", decision),
    ...given("tool", tool),
    ...given("model", model),
    ...given("text", text),
    ...given(
      "commit",
      commit === undefined ? undefined : await resolveCommit(engine, { ref: commit, branch }),
    ),
    ...given("branch", branch),
    ...readTimeBounds(request),
  };
}

function unknownEvent(event: string): TractError {
  const known = Object.keys(EVENTS);
  const near = nearest(event, known);
  return new TractError(
    "invalid-argument",
    `event_type: there is no kind of event ${JSON.stringify(event.slice(0, 80))}`,
    {
      hint: `${near.length > 0 ? `Did you mean ${near.join(" or ")}? ` : ""}Kinds: ${known.join(", ")}.`,
      data: { path: "event_type", near, expected: known },
    },
  );
}

interface CutLengths {
  readonly reasonChars: number;
  readonly excerptChars: number;
}

/** The branch's own lengths where it sets them (spec 9, 9), else those of the configuration. */
async function readLengths(engine: Engine, branch: string | undefined): Promise<CutLengths> {
  const site = await readSite(engine, { branch });
  const { ledger } = await readSettings(engine, engine.scope.tract, site.head?.hash ?? null);
  const usual = engine.settings.ledger;
  return {
    reasonChars: ledger?.reason_chars ?? usual.reasonChars,
    excerptChars: ledger?.excerpt_chars ?? usual.excerptChars,
  };
}

/** How much of an entry is shown. */
interface Showing {
  readonly mode: MetadataMode;
  readonly lengths: CutLengths;
  readonly texts: ShowTexts;
}

function showEntry(record: LedgerRecord, { mode, lengths, texts }: Showing): LedgerEntry {
  const metadata = ledgerMetadata(record);
  const whole = texts(record, metadata);
  return {
    seq: record.sequence,
    id: record.id,
    eventType: record.eventType,
    submissionId: record.submissionId,
    decision: record.decision,
    reason: mode === "full" ? record.reason : excerptText(record.reason, lengths.reasonChars),
    timestamp: record.timestamp,
    promptsUsed: record.promptsUsed,
    metadataKeys: Object.keys(metadata).sort(),
    ...(mode === "keys"
      ? {}
      : { metadata: mode === "full" ? whole : excerptValues(whole, lengths.excerptChars) }),
  };
}
