/** Reads one resource: through the operations and renderers of the tools, so that both ways in say the same. */
import { z } from "zod";
import { compile } from "../../engine/compile/compile.ts";
import { FORMATS, type Format } from "../../engine/compile/options.ts";
import type { Engine } from "../../engine/engine.ts";
import { TractError } from "../../engine/errors.ts";
import { assertNever } from "../../engine/invariant.ts";
import { unknownSession } from "../../engine/ledger/continue-session.ts";
import { logTool } from "../../tools/catalog/log.ts";
import { queryLedgerTool } from "../../tools/catalog/query-ledger.ts";
import { showTool } from "../../tools/catalog/show.ts";
import { statusTool } from "../../tools/catalog/status.ts";
import { snakeKeys } from "../../tools/names.ts";
import { type ResourceAddress, resourceUri } from "../../tools/resource-uris.ts";
import type { Tool, ToolContext } from "../../tools/tool.ts";
import { RECORDS_PAGE, SESSIONS_SCAN } from "./limits.ts";

/** What `?format=` of a context takes. */
export const CONTEXT_FORMATS: readonly string[] = FORMATS;

export function mimeTypeOf(address: ResourceAddress): string {
  const isText = address.kind === "context" && (address.format === null || address.format === "markdown");
  return isText ? "text/markdown" : "application/json";
}

/**
 * The text of a resource; the engine is scoped to its tract.
 *
 * @throws TractError `not-found`, `ambiguous-ref`, `invalid-argument`, `record-not-reproducible`.
 */
export async function readResource(
  engine: Engine,
  address: ResourceAddress,
  signal: AbortSignal,
): Promise<string> {
  switch (address.kind) {
    case "context":
      return await readContext(engine, address);
    case "compile-record":
      return await readRecord(engine, address.id);
    case "compile-records":
      return await listRecords(engine, address.before);
    case "commit":
      return await readByTool(showTool, { refs: [address.hash] }, engine, signal);
    case "log":
      return await readByTool(logTool, { ref: address.branch, limit: engine.limits.pageMax }, engine, signal);
    case "ledger":
      return await readLedger(engine, address, signal);
    case "status":
      return await readByTool(statusTool, {}, engine, signal);
    default:
      return assertNever(address);
  }
}

/** Everything, whatever budget the branch has: this is where tools point to for the whole. */
async function readContext(
  engine: Engine,
  { ref, format }: Extract<ResourceAddress, { kind: "context" }>,
): Promise<string> {
  const chosen = readFormat(format);
  const context = await compile(engine, { ref, format: chosen, budgetTokens: Number.MAX_SAFE_INTEGER });
  if (chosen === "markdown") return context.toMarkdown();
  return json(
    chosen === "anthropic" ? { system: context.system, messages: context.messages } : context.messages,
  );
}

function readFormat(format: string | null): Format {
  const known = FORMATS.find((name) => name === (format ?? "markdown"));
  if (known !== undefined) return known;
  throw new TractError("invalid-argument", "format: there is no such format", {
    hint: `Formats: ${FORMATS.join(", ")}.`,
    data: { path: "format", expected: FORMATS },
  });
}

async function readRecord(engine: Engine, id: string): Promise<string> {
  const context = await compile(engine, { recordId: id });
  const { format, system, messages, tokenCount, digest } = context;
  return json({
    format,
    ...(format === "anthropic" ? { system } : {}),
    messages,
    token_count: tokenCount,
    digest,
  });
}

/** A session without entries never was: what it would do is in the ledger. */
async function readLedger(
  engine: Engine,
  { tract, session, cursor }: Extract<ResourceAddress, { kind: "ledger" }>,
  signal: AbortSignal,
): Promise<string> {
  const [known] = await engine.store.readLedger(engine.scope.tract, {
    sessionId: session,
    order: "desc",
    limit: 1,
  });
  if (known === undefined) throw await unknownSession(engine, session);
  const page = { session, limit: engine.limits.pageMax, ...(cursor === null ? {} : { cursor }) };
  const shown = await runTool(queryLedgerTool, page, engine, signal);
  const { next_cursor: next } = z.object({ next_cursor: z.string().nullable() }).parse(shown);
  return json({
    ...shown,
    next: next === null ? null : resourceUri({ kind: "ledger", tract, session, cursor: next }),
  });
}

/** Sessions of the newest ledger entries, newest first, as often as they have entries. */
export async function recentSessions({ store, scope }: Engine): Promise<readonly string[]> {
  const entries = await store.readLedger(scope.tract, { order: "desc", limit: SESSIONS_SCAN });
  return entries.flatMap(({ provenance }) =>
    typeof provenance.session_id === "string" ? [provenance.session_id] : [],
  );
}

async function listRecords({ store, scope: { tract } }: Engine, before: string | null): Promise<string> {
  const records = await store.listCompileRecords(tract, {
    limit: RECORDS_PAGE,
    ...(before === null ? {} : { before }),
  });
  const last = records.length < RECORDS_PAGE ? undefined : records.at(-1);
  return json({
    records: records.map((record) => ({
      ...snakeKeys(record),
      uri: resourceUri({ kind: "compile-record", tract, id: record.id }),
    })),
    next: last === undefined ? null : resourceUri({ kind: "compile-records", tract, before: last.id }),
  });
}

async function readByTool(...call: Parameters<typeof runTool>): Promise<string> {
  return json(await runTool(...call));
}

/** What a tool gives as structured content. */
async function runTool(
  tool: Tool,
  args: Readonly<Record<string, unknown>>,
  engine: Engine,
  signal: AbortSignal,
): Promise<object> {
  const context: ToolContext = {
    engine,
    signal,
    profile: "observer",
    progress: () => undefined,
    readTextFile: noFiles,
  };
  return (await tool.prepare(args).run(context)).structured;
}

async function noFiles(): Promise<string> {
  throw new TractError("not-allowed", "resources read no files", { hint: "Use the tool import_transcript." });
}

function json(value: unknown): string {
  return JSON.stringify(value, null, 2);
}
