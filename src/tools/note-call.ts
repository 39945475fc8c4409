/** Notes calls that made no operation in the ledger, as TOOL_CALL; of others tool and arguments stand with their operation (spec 4.1; spec 9, 24). */
import { canonicalJson } from "../engine/content/canonical-json.ts";
import { sha256 } from "../engine/content/hashes.ts";
import { type Engine, withScope } from "../engine/engine.ts";
import { isoNow, publish } from "../engine/history/publish.ts";
import { screenJson } from "../engine/history/screen.ts";
import { screenHere } from "../engine/history/screen-change.ts";
import { ledgerEntry } from "../engine/ledger/entry.ts";
import { shortArguments } from "../engine/short-arguments.ts";
import { emptyChange } from "../storage/change-set.ts";
import type { JsonObject } from "../storage/records.ts";
import type { CallSite } from "./call-site.ts";
import type { ToolFailure } from "./failure.ts";
import type { ToolResult } from "./tool.ts";

/** What a way in lets be noted. */
export interface CallNotes {
  /** Also calls that only read (setting ledger.tool_reads). */
  readonly reads: boolean;
  /** The engine of a place, if the store is open already: nothing is opened or made to note a failure. */
  readonly openEngine: (site: CallSite) => Promise<Engine | null>;
}

/** A call that is over. */
export interface EndedCall {
  readonly tool: string;
  /** Arguments without tract and worktree. */
  readonly args: Readonly<Record<string, unknown>>;
  readonly site: CallSite;
  /** null: it failed before it had one. */
  readonly engine: Engine | null;
  readonly isRead: boolean;
  readonly outcome:
    | { readonly ok: true; readonly result: ToolResult }
    | { readonly ok: false; readonly failure: ToolFailure };
}

/** Never fails: the call is over, and its outcome is told whether or not it could be noted. */
export async function noteCall(call: EndedCall, notes: CallNotes): Promise<void> {
  if (!isNoted(call, notes)) return;
  try {
    const engine = call.engine ?? (await notes.openEngine(call.site));
    if (engine === null || engine.store.isReadonly || engine.sessions?.isOver === true) return;
    // A mistyped name makes no tract.
    if ((await engine.store.findTract(engine.scope.tract)) === null) return;
    await writeNote(withScope(engine, { tool: null }), call);
  } catch {
    // A store that cannot be written to has said so to the call itself, or will to the next.
  }
}

function isNoted({ args, isRead, outcome }: EndedCall, { reads }: CallNotes): boolean {
  if (!outcome.ok) return !outcome.failure.code.startsWith("store-");
  const { structured } = outcome.result;
  // What was only tried out is a read.
  if (isRead || args.dry_run === true || structured.dry_run === true) return reads;
  return typeof structured.operation_id !== "string";
}

async function writeNote(engine: Engine, { tool, args: given, outcome }: EndedCall): Promise<void> {
  const { scope } = engine;
  const args = await withoutCredentials(engine, given);
  const name = tool.slice(0, TOOL_CHARS_MAX).toWellFormed();
  const entry = ledgerEntry(engine, isoNow(engine), {
    eventType: "TOOL_CALL",
    submissionId: scope.provenance.session_id ?? scope.tract,
    decision: outcome.ok ? "OK" : "ERROR",
    reason: outcome.ok ? `${name} answered` : `${name} failed: ${outcome.failure.code}`,
    metadata: {
      tool: name,
      arguments: shortArguments(args),
      arguments_digest: digestOf(args),
      ...(outcome.ok ? { result_chars: outcome.result.text.length } : { error_code: outcome.failure.code }),
    },
  });
  await publish(engine, { change: { ...emptyChange(scope.tract), ledger: [entry] } });
}

/** Also a digest could be guessed, of arguments whose other parts are known. */
async function withoutCredentials(engine: Engine, args: EndedCall["args"]): Promise<EndedCall["args"]> {
  const screen = await screenHere(engine, typeof args.branch === "string" ? args.branch : null);
  return screen === null ? args : screenJson(screen, args as JsonObject, "arguments", []); // A call's arguments are JSON.
}

const TOOL_CHARS_MAX = 80;

/** null for what has no canonical form, such as numbers that no two readers agree on. */
function digestOf(args: Readonly<Record<string, unknown>>): string | null {
  try {
    return sha256(`tract.tool-arguments.v1\n${canonicalJson(args)}`);
  } catch {
    return null;
  }
}
