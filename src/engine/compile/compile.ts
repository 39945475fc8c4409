/** compile: what an LLM would get for a head, now or at any earlier point (spec 2). */
import type { Engine } from "../engine.ts";
import { TractError } from "../errors.ts";
import { isReported, reportedSize } from "../history/reported-size.ts";
import { readSettings } from "../history/settings.ts";
import type { CompilePoint } from "./cache.ts";
import { compose } from "./compose.ts";
import { type CompiledContext, type CompiledSize, countedSize, createContext } from "./context.ts";
import { type CompileOptions, type CompileRequest, resolveOptions } from "./options.ts";
import { resolvePoint } from "./point.ts";
import { commonPrefix } from "./prefix.ts";
import { composePrevious, keepRecord, readRecord, rebuildRecord } from "./record.ts";

export type { CompiledContext } from "./context.ts";
export type { CompileRequest } from "./options.ts";

/**
 * Compiles a point in history. Equal requests at equal points give equal bytes, from whichever process and with whatever cached.
 *
 * @throws TractError `not-found` or `ambiguous-ref` for the ref (never the whole history instead), `invalid-argument`, `budget-too-small`
 *   with the number needed, `record-not-reproducible` for a `recordId`.
 * @example
 * const context = await compile(engine, { format: "anthropic", budgetTokens: 8_000 });
 * await client.messages.create({ ...request, ...context.toAnthropic() });
 */
export async function compile(engine: Engine, request: CompileRequest): Promise<CompiledContext> {
  if (request.recordId !== undefined) return await rebuild(engine, request.recordId, request);
  const { point, branch, options } = await resolveRequest(engine, request);
  // First, so that the context can grow from it.
  const previous = await composePrevious(engine, { branch, format: options.format, before: null });
  const composition = await compose(engine, point, options);
  const prefix = previous === null ? null : commonPrefix(previous.rendered, composition.rendered);
  const counted = countedSize(composition, point.encoding);
  const size = isWholeView(request, options) ? await sizeByReport(engine, point, counted) : counted;
  const recorded = { point, branch, options, composition, size };
  const recordId = request.record === true ? await keepRecord(engine, recorded) : null;
  if (branch !== null && request.asOf === undefined)
    await engine.watch?.(engine, {
      moment: "compile",
      tract: point.tract,
      branch,
      head: point.head,
      made: [],
    });
  return createContext(composition, { branch, size, prefix, recordId });
}

/** A report is about all that a branch shows now: nothing chosen by the caller, nothing cut. A budget is always held against what is counted. */
function isWholeView(
  { asOf, strategy, recent, ...request }: CompileRequest,
  options: CompileOptions,
): boolean {
  const { include, exclude, includeLabels, excludeLabels, includeReasoning } = request;
  const chosen = [asOf, strategy, recent, include, exclude, includeLabels, excludeLabels, includeReasoning];
  return options.budgetTokens === null && chosen.every((choice) => choice === undefined);
}

async function sizeByReport(
  engine: Engine,
  point: CompilePoint,
  counted: CompiledSize,
): Promise<CompiledSize> {
  const settings = await readSettings(engine, point.tract, point.head);
  const size = await reportedSize(engine, { ...point, settings });
  return isReported(size) ? { tokenCount: size.tokens, tokenSource: size.tokenSource } : counted;
}

export interface ResolvedRequest {
  readonly point: CompilePoint;
  readonly branch: string | null;
  readonly options: CompileOptions;
}

/** Where a request stands in history, and its options with the settings of the branch there. */
export async function resolveRequest(engine: Engine, request: CompileRequest): Promise<ResolvedRequest> {
  const { tract } = engine.scope;
  const { tract: record, head, branch, annotationSequence } = await resolvePoint(engine, request);
  const options = await resolveOptions(engine, request, await readSettings(engine, tract, head));
  const encoding = record?.encoding ?? engine.settings.encoding;
  return { point: { tract, encoding, head, annotationSequence }, branch, options };
}

async function rebuild(engine: Engine, recordId: string, request: CompileRequest): Promise<CompiledContext> {
  refuseOtherOptions(request);
  const record = await readRecord(engine, recordId);
  const { composition, branch, options, size } = await rebuildRecord(engine, record);
  const previous = await composePrevious(engine, { branch, format: options.format, before: record.id });
  const prefix = previous === null ? null : commonPrefix(previous.rendered, composition.rendered);
  return createContext(composition, { branch, size, prefix, recordId: record.id });
}

/** A record says itself what it was made with. */
function refuseOtherOptions(request: CompileRequest): void {
  const { recordId: _, record: __, ...others } = request;
  const given = Object.entries(others).filter(([, value]) => value !== undefined);
  if (given.length === 0) return;
  throw new TractError(
    "invalid-argument",
    `record_id: ${given.map(([name]) => name).join(", ")} cannot be given with it`,
    {
      hint: "A record is rebuilt with the options it was made with; leave the others out, or compile without record_id.",
      data: { path: "record_id", others: given.map(([name]) => name) },
    },
  );
}
