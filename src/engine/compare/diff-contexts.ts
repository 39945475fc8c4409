/** Compares what an LLM would be shown at two points in history, message by message (spec 3.1). */
import { z } from "zod";
import type { Hash, Json } from "../../storage/records.ts";
import type { PlainMessage } from "../compile/message-types.ts";
import { isHash } from "../content/hashes.ts";
import { decodeCursor, encodeCursor, pageLimit } from "../cursor.ts";
import type { Engine } from "../engine.ts";
import { pagedQuery } from "../paged-query.ts";
import { type AlignedPair, alignMessages, type Placed } from "./align-messages.ts";
import { type ConfigChange, configChanges } from "./config-changes.ts";
import { type ContextView, readContextView } from "./context-view.ts";
import type { ContextDiff, ContextTotals, DiffMessage, DiffRequest, MessageStatus } from "./diff.ts";
import { type Ends, readEnds } from "./ends.ts";
import { diffTexts, type LineDiff, type LineLimits, wholeText } from "./line-diff.ts";

/** @throws TractError `not-found`, `ambiguous-ref`, `invalid-argument` (limit, cursor). */
export async function diffContexts(engine: Engine, request: DiffRequest): Promise<ContextDiff> {
  const limit = pageLimit(engine.limits, request.limit);
  const { cursor, limit: _, ...query } = request;
  const paged = pagedQuery(engine, "diff", query);
  const { ends, offset } = await readStart(
    engine,
    request,
    cursor === undefined ? null : decodeCursor(cursor, paged, POSITION),
  );
  const before = await readSide(engine, ends, ends.a);
  const after = await readSide(engine, ends, ends.b);
  const rows = compare(before, after);
  const totals = totalsOf(rows, before, after);
  const whole = { kind: "context", a: ends.a, b: ends.b, totals } as const;
  if (request.stat === true)
    return { ...whole, messages: [], configChanges: [], leftOut: 0, nextCursor: null };
  const listed = listedOf(rows, totals, engine.limits.diffUnchangedMax);
  const messages = pageOf(listed.slice(offset, offset + limit), engine.limits);
  const end = offset + messages.length;
  return {
    ...whole,
    messages,
    configChanges: listed.slice(offset, end).flatMap((row) => row.configChanges),
    leftOut: listed.length - end,
    nextCursor: end < listed.length ? encodeCursor(paged, positionAt(ends, end)) : null,
  };
}

/** The ends and the annotations are settled by the first page: branches may move meanwhile. */
interface Position {
  readonly a: Hash | null;
  readonly b: Hash | null;
  readonly annotationSequence: number;
  readonly offset: number;
}

const hash = z.custom<Hash>((value) => typeof value === "string" && isHash(value)).nullable();
const count = z.int().min(0);
const POSITION: z.ZodType<Position> = z
  .tuple([hash, hash, count, count])
  .transform(([a, b, annotationSequence, offset]) => ({ a, b, annotationSequence, offset }));

function positionAt({ a, b, annotationSequence }: Ends, offset: number): Json {
  return [a, b, annotationSequence, offset];
}

async function readStart(
  engine: Engine,
  request: DiffRequest,
  position: Position | null,
): Promise<{ readonly ends: Ends; readonly offset: number }> {
  if (position === null) return { ends: await readEnds(engine, request), offset: 0 };
  const { offset, ...at } = position;
  const tract = await engine.store.findTract(engine.scope.tract);
  return { ends: { ...at, encoding: tract?.encoding ?? engine.settings.encoding }, offset };
}

async function readSide(engine: Engine, ends: Ends, head: Hash | null): Promise<ContextView> {
  const { encoding, annotationSequence } = ends;
  return await readContextView(engine, { tract: engine.scope.tract, encoding, head, annotationSequence });
}

/** A message with what is known of it before its lines are compared. */
interface Row {
  readonly pair: AlignedPair;
  readonly status: MessageStatus;
  readonly tokenDelta: number;
  readonly configChanges: readonly ConfigChange[];
}

function compare(before: ContextView, after: ContextView): readonly Row[] {
  const rows = alignMessages(before.messages, after.messages).map((pair): Row => {
    const { a, b } = pair;
    const changes =
      a === null || b === null
        ? []
        : configChanges(b.viewed.place, a.viewed.generationConfig, b.viewed.generationConfig);
    const tokenDelta = (b?.viewed.tokens ?? 0) - (a?.viewed.tokens ?? 0);
    return { pair, status: statusOf(pair, changes), tokenDelta, configChanges: changes };
  });
  const [first, ...rest] = rows;
  if (first === undefined) return rows;
  // A context that is not empty has the tokens of a prompt besides those of its messages.
  const ofMessages = rows.reduce((sum, row) => sum + row.tokenDelta, 0);
  const ofPrompt = after.tokenCount - before.tokenCount - ofMessages;
  return [{ ...first, tokenDelta: first.tokenDelta + ofPrompt }, ...rest];
}

function statusOf({ a, b }: AlignedPair, changes: readonly ConfigChange[]): MessageStatus {
  if (a === null) return "added";
  if (b === null) return "removed";
  const isSame =
    a.viewed.message.content === b.viewed.message.content &&
    headingLines(a, b).length === 0 &&
    changes.length === 0;
  return isSame ? "unchanged" : "modified";
}

function totalsOf(rows: readonly Row[], before: ContextView, after: ContextView): ContextTotals {
  const of = (status: MessageStatus): number => rows.filter((row) => row.status === status).length;
  return {
    added: of("added"),
    removed: of("removed"),
    modified: of("modified"),
    unchanged: of("unchanged"),
    moved: rows.filter(({ pair }) => pair.isMoved).length,
    configChanged: rows.filter((row) => row.configChanges.length > 0).length,
    tokensA: before.tokenCount,
    tokensB: after.tokenCount,
    tokenDelta: after.tokenCount - before.tokenCount,
  };
}

function listedOf(rows: readonly Row[], { unchanged }: ContextTotals, unchangedMax: number): readonly Row[] {
  if (unchanged <= unchangedMax) return rows;
  return rows.filter(({ status, pair }) => status !== "unchanged" || pair.isMoved);
}

/** As many as the lines of a page have room for; always the first. */
function pageOf(
  rows: readonly Row[],
  limits: LineLimits & { readonly diffPageCharsMax: number },
): readonly DiffMessage[] {
  const page: DiffMessage[] = [];
  let chars = 0;
  for (const row of rows) {
    const message = described(row, limits);
    chars += message.lines.reduce((sum, line) => sum + line.length, 0);
    if (chars > limits.diffPageCharsMax && page.length > 0) return page;
    page.push(message);
  }
  return page;
}

function described({ pair, status, tokenDelta }: Row, limits: LineLimits): DiffMessage {
  const { a, b, isMoved } = pair;
  const { lines, linesLeftOut, isReplaced } = linesOf(pair, limits);
  const hashes = [a?.viewed.place, b?.viewed.place, a?.viewed.shown, b?.viewed.shown];
  return {
    status,
    moved: isMoved,
    role: (b ?? a)?.viewed.message.role ?? "",
    hashes: [...new Set(hashes.filter((each) => each !== undefined))],
    indexA: a?.index ?? null,
    indexB: b?.index ?? null,
    tokenDelta,
    lines,
    linesLeftOut,
    replaced: isReplaced,
  };
}

function linesOf({ a, b }: AlignedPair, limits: LineLimits): LineDiff {
  if (a === null) return wholeText("+", b?.viewed.message.content ?? "", limits);
  if (b === null) return wholeText("-", a.viewed.message.content, limits);
  const text = diffTexts(a.viewed.message.content, b.viewed.message.content, limits);
  return { ...text, lines: [...headingLines(a, b), ...text.lines] };
}

const HEADINGS = ["role", "name", "call_id", "direction"] as const satisfies readonly (keyof PlainMessage)[];

/** What is not text and differs, in the form of lines: `-role: user`, `+role: assistant`. */
function headingLines(a: Placed, b: Placed): readonly string[] {
  return HEADINGS.flatMap((field) => {
    const before = a.viewed.message[field] ?? null;
    const after = b.viewed.message[field] ?? null;
    if (before === after) return [];
    return [
      ...(before === null ? [] : [`-${field}: ${before}`]),
      ...(after === null ? [] : [`+${field}: ${after}`]),
    ];
  });
}
