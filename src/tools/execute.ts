/** Runs one tool call for any way in: profile, arguments, engine, tool, and one shape of failure. */
import { type Engine, withScope } from "../engine/engine.ts";
import { TractError } from "../engine/errors.ts";
import { readSite } from "../engine/history/snapshot.ts";
import { nearest } from "../engine/nearest.ts";
import { noticeWords } from "../engine/policies/notices.ts";
import type { Notice } from "../engine/policies/occasion.ts";
import { shortArguments } from "../engine/short-arguments.ts";
import { type Access, requireWriteAccess } from "./access.ts";
import type { CallSite } from "./call-site.ts";
import { expectedFailure, INTERNAL_FAILURE, type ToolFailure } from "./failure.ts";
import { type CallNotes, noteCall } from "./note-call.ts";
import { ONLY_READ, PROFILES, type Profile, type ToolName } from "./profiles.ts";
import { withWarnings } from "./render.ts";
import type { Tool, ToolContext, ToolResult } from "./tool.ts";

/** What a way in lends to calls. */
export interface ToolHost {
  readonly tools: readonly Tool[];
  readonly profile: Profile;
  readonly engineFor: (site: CallSite) => Promise<Engine>;
  readonly readTextFile: ToolContext["readTextFile"];
  /** What the caller may do; left out: everything. */
  readonly access?: Access;
  /** Left out: calls are not noted in the ledger. */
  readonly notes?: CallNotes;
  /** Tells the people who run the server of an error that no caller should meet. */
  readonly reportBug: (error: unknown, tool: string) => void;
}

export interface ToolCall {
  readonly name: string;
  readonly args: unknown;
  readonly signal: AbortSignal;
  readonly progress: ToolContext["progress"];
}

export type ToolOutcome =
  | {
      readonly ok: true;
      readonly tool: Tool;
      readonly result: ToolResult;
      /** What policies said during the call; they stand in the result, too. */
      readonly notices: readonly Notice[];
    }
  | { readonly ok: false; readonly failure: ToolFailure };

/** Runs a call. Never throws: what goes wrong is a failure with code, message, hint and data. */
export async function executeTool(call: ToolCall, host: ToolHost): Promise<ToolOutcome> {
  const seen: Seen = { site: {}, own: {}, engine: null, isRead: false };
  const outcome = await runCall(call, host, seen);
  if (host.notes !== undefined) {
    const { site, own: args, engine, isRead } = seen;
    await noteCall({ tool: call.name, args, site, engine, isRead, outcome }, host.notes);
  }
  return outcome;
}

/** As far as a call has come. */
interface Seen {
  site: CallSite;
  own: Readonly<Record<string, unknown>>;
  engine: Engine | null;
  isRead: boolean;
}

async function runCall(call: ToolCall, host: ToolHost, seen: Seen): Promise<ToolOutcome> {
  try {
    const tool = findTool(call.name, host);
    const { site, own } = splitArguments(call.args);
    Object.assign(seen, { site, own });
    const prepared = tool.prepare(own);
    seen.isRead = prepared.isRead;
    if (!prepared.isRead) {
      checkMayChange(tool.name, host.profile);
      if (host.access !== undefined) requireWriteAccess(host.access, tool.name);
    }
    // Once the connection has ended, no engine may be opened again.
    if (call.signal.aborted) throw cancelled();
    const notices: Notice[] = [];
    const scope = { tool: { name: tool.name, arguments: shortArguments(own) }, notices };
    const engine = withScope(await host.engineFor(site), scope);
    seen.engine = engine;
    if (prepared.isRead && site.tract !== undefined) await requireTract(engine);
    await requireSite(engine, site, prepared.isRead ? own.branch : undefined);
    if (call.signal.aborted) throw cancelled();
    const result = await prepared.run({
      engine,
      signal: call.signal,
      profile: host.profile,
      progress: call.progress,
      readTextFile: host.readTextFile,
    });
    return { ok: true, tool, result: withNotices(tool, result, notices), notices };
  } catch (error) {
    const failure = call.signal.aborted ? cancelled().toJSON() : expectedFailure(error);
    if (failure === null) host.reportBug(error, call.name);
    return { ok: false, failure: failure ?? INTERNAL_FAILURE };
  }
}

/** What policies said are warnings of the result: in the text, and in the structure of tools that have any. */
export function withNotices({ output }: Tool, result: ToolResult, notices: readonly Notice[]): ToolResult {
  if (notices.length === 0) return result;
  const words = notices.map(noticeWords);
  const { structured } = result;
  const known: readonly unknown[] = Array.isArray(structured.warnings) ? structured.warnings : [];
  const warned = "warnings" in output.shape ? { ...structured, warnings: [...known, ...words] } : structured;
  return { ...result, structured: warned, text: withWarnings(result.text, words) };
}

/** The profile is enforced here, not only by what is listed: a client may call what it was never shown. */
export function findTool(name: string, { tools, profile }: Pick<ToolHost, "tools" | "profile">): Tool {
  const tool = tools.find((known) => known.name === name);
  const offered: readonly string[] = PROFILES[profile];
  if (tool === undefined) {
    const near = nearest(name, offered);
    throw new TractError("not-found", `there is no tool ${JSON.stringify(name.slice(0, NAME_CHARS_SHOWN))}`, {
      hint: near.length > 0 ? `Did you mean ${near.join(" or ")}?` : `Tools: ${offered.join(", ")}.`,
      data: { near },
    });
  }
  if (offered.includes(name)) return tool;
  throw new TractError("not-allowed", `the tool ${name} is not part of the profile ${profile}`, {
    hint: "A person can start the server with --profile full (or TRACT_PROFILE=full) to offer every tool.",
    data: { tool: name, profile, offered },
  });
}

const NAME_CHARS_SHOWN = 80;

/** Some tools a profile offers only as far as they read. */
export function checkMayChange(name: ToolName, profile: Profile): void {
  if (!ONLY_READ[profile].includes(name)) return;
  throw new TractError(
    "not-allowed",
    `in the profile ${profile} the tool ${name} only reads, and this call would change something`,
    {
      hint: `Call ${name} so that it only reads. A person can start the server with --profile full (or TRACT_PROFILE=full) to allow more.`,
      data: { tool: name, profile },
    },
  );
}

/** Takes the arguments that say where, which every tool and prompt has, from its own. */
export function splitArguments(args: unknown): {
  readonly site: CallSite;
  readonly own: Readonly<Record<string, unknown>>;
} {
  if (args === undefined || args === null) return { site: {}, own: {} };
  if (typeof args !== "object" || Array.isArray(args)) {
    throw new TractError("invalid-argument", "arguments: expected a JSON object", {
      hint: "Give the arguments by name.",
      data: { path: "" },
    });
  }
  const { tract, worktree, ...own } = args as Readonly<Record<string, unknown>>; // An object from JSON.
  return { site: { ...siteName("tract", tract), ...siteName("worktree", worktree) }, own };
}

function siteName<Name extends "tract" | "worktree">(
  name: Name,
  value: unknown,
): { readonly [N in Name]?: string } {
  if (value === undefined || value === null) return {};
  if (typeof value === "string" && SITE_NAME.test(value) && value.isWellFormed())
    return { [name]: value } as { [N in Name]: string }; // Computed keys widen.
  throw new TractError("invalid-argument", `${name}: expected a name of 1 to 200 printable characters`, {
    hint: `Leave ${name} out to use the server's own.`,
    data: { path: name },
  });
}

/** What can be shown and typed: no control characters. */
const SITE_NAME = /^[^\p{Cc}]{1,200}$/u;

/**
 * Reading a tract that was never written would look like an empty one; a mistyped name should not.
 *
 * @throws TractError `not-found` with near names.
 */
export async function requireTract({ store, scope }: Engine): Promise<void> {
  if ((await store.findTract(scope.tract)) !== null) return;
  const near = nearest(
    scope.tract,
    (await store.listTracts()).map((tract) => tract.name),
  );
  throw new TractError("not-found", `there is no tract ${JSON.stringify(scope.tract)} in this store`, {
    hint:
      near.length > 0
        ? `Did you mean ${near.join(" or ")}?`
        : "Leave tract out to use your own; status with tracts lists them, and a commit makes a new one.",
    data: { tract: scope.tract, near },
  });
}

/** Names are refused even where the other arguments happen not to need them: a mistyped one should not look as if it had been used. */
async function requireSite(engine: Engine, { worktree }: CallSite, branch: unknown): Promise<void> {
  if (typeof branch === "string") await readSite(engine, { branch });
  else if (worktree !== undefined) await readSite(engine, {});
}

function cancelled(): TractError {
  return new TractError("cancelled", "the call was cancelled", { hint: "Call again when you want it done." });
}
